// `sockudo model`: a stand-in for a language model, for trying and testing without a key. It is a package that is loaded by name, as
// plug-ins are (plugins/load.ts): the server has nothing to do with it.
import type { Command } from 'commander';
import { CliFailure, type CliIo, EXIT, type ExitCode, outJson } from './io.ts';
import type { Act } from './program.ts';
import { portArgument } from './serve.ts';
import { signalWaiter } from './signals.ts';

const PACKAGE = '@sockudo/local-model';
const DEFAULT_PORT = '4001';

interface ModelOptions {
  readonly port: string;
  readonly host: string;
  readonly documents?: string;
  readonly speed?: string;
  readonly settings?: string;
  readonly record?: string;
  readonly upstream?: string;
  readonly replay?: string;
  readonly json?: boolean;
}

interface RunningModel {
  readonly url: string;
  readonly port: number;
  readonly model: string;
  /** What it does, in one line. */
  readonly about: string;
  close(): Promise<void>;
}

interface RecordOptions {
  readonly file: string;
  readonly upstream: string;
  onProblem(text: string): void;
}

/** What the package offers. Rejects with a text for the user. */
interface ModelPackage {
  startLocalModel(options: {
    readonly port: number;
    readonly host: string;
    readonly documents: string | undefined;
    readonly settings: string;
    readonly record: RecordOptions | undefined;
    readonly replay: string | undefined;
  }): Promise<RunningModel>;
}

async function loadPackage(): Promise<ModelPackage> {
  try {
    // CAST: the package exports what ModelPackage says; the test of this command starts it.
    return (await import(PACKAGE)) as ModelPackage;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new CliFailure(`sockudo model needs the package ${PACKAGE}: ${error.message}`);
  }
}

/** What is recorded, if anything. @throws CliFailure: options that only make sense together, or not together */
function recordOf({ record, upstream, replay }: ModelOptions, io: CliIo): RecordOptions | undefined {
  if (record === undefined && upstream === undefined) return undefined;
  if (record === undefined || upstream === undefined)
    throw new CliFailure('--record and --upstream belong together', EXIT.usage);
  if (replay !== undefined) throw new CliFailure('--record and --replay exclude each other', EXIT.usage);
  return { file: record, upstream, onProblem: (text) => io.err(text) };
}

async function start(options: ModelOptions, io: CliIo): Promise<RunningModel> {
  const { port, host, documents, speed, settings, replay } = options;
  const record = recordOf(options, io);
  const { startLocalModel } = await loadPackage();
  const all = [settings, speed === undefined ? undefined : `speed=${speed}`].filter(
    (one) => one !== undefined,
  );
  try {
    return await startLocalModel({
      port: Number(port),
      host,
      documents,
      settings: all.join(','),
      record,
      replay,
    });
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    throw new CliFailure(`The model did not start. ${error.message}`);
  }
}

function announce(io: CliIo, { url, port, model, about }: RunningModel, isJson: boolean): void {
  if (isJson) {
    outJson(io, { event: 'ready', url, port, pid: process.pid, model });
    return;
  }
  io.out(about);
  io.out(`  OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=none OPENAI_MODEL=${model}`);
  io.out(`  ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=none ANTHROPIC_MODEL=${model}`);
  io.out(`The model is ready at ${url}`);
}

async function model(options: ModelOptions, io: CliIo): Promise<ExitCode> {
  const isJson = options.json === true;
  const signals = signalWaiter();
  try {
    const running = await start(options, io);
    announce(io, running, isJson);
    const signal = await signals.first;
    if (isJson) outJson(io, { event: 'stopping', signal });
    await running.close();
    if (isJson) outJson(io, { event: 'stopped' });
    return EXIT.ok;
  } finally {
    signals.close();
  }
}

export function addModel(program: Command, io: CliIo, act: Act): void {
  program
    .command('model')
    .description('Run a stand-in for a language model: it answers from documents, without a key')
    .option('-p, --port <port>', 'port to listen on; 0 takes any free one', portArgument, DEFAULT_PORT)
    .option('-H, --host <address>', 'address to listen on', '127.0.0.1')
    .option('--documents <path>', 'folder of Markdown and texts (default: the documentation of this project)')
    .option('--speed <words>', 'words per second, or max (default: 25)')
    .option('--settings <list>', 'other settings for every request, such as jitter=0.3,thinking=on')
    .option('--record <file>', 'hand requests on to --upstream and record the answers')
    .option('--upstream <url>', 'the provider to record, such as https://api.openai.com/v1')
    .option('--replay <file>', 'answer from a recording')
    .option('--json', 'write JSON lines for machines')
    .addHelpText(
      'after',
      '\nIt speaks Chat Completions, Responses and Messages, and is no language model: it looks things up and quotes them.',
    )
    .action(act(async (options: ModelOptions) => model(options, io)));
}

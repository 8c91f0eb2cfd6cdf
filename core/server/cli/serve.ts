// `sockudo serve`: loads the settings, starts the server, says where it is, and stops it on the first signal.
import { type Command, InvalidArgumentError } from 'commander';
import type { DevelopmentApp, Loaded } from '../config/index.ts';
import { formatProblem } from '../config/index.ts';
import type { RunningServer } from '../server.ts';
import { CliFailure, type CliIo, EXIT, type ExitCode, outJson } from './io.ts';
import { createLogger } from './logger.ts';
import type { Act } from './program.ts';
import { urlOf } from './server-url.ts';
import { loadedOrFail, loadFor, warn } from './settings-for.ts';
import { signalWaiter } from './signals.ts';

interface ServeOptions {
  readonly config?: string;
  readonly port?: string;
  readonly host?: string;
  readonly json?: boolean;
}

/** Checks a port as commander wants it: the text stays a text, the loader reads it. */
export function portArgument(text: string): string {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('It must be a number from 0 to 65535.');
  return text;
}

function flagsOf(options: ServeOptions): Record<string, string> {
  return {
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.host === undefined ? {} : { host: options.host }),
  };
}

/** Errors that only a mistake in the program makes: they keep their stack. All others have a text for the operator. */
function isDefect(error: Error): boolean {
  return [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);
}

async function start(loaded: Loaded): Promise<RunningServer> {
  const logger = createLogger(loaded.settings.log);
  try {
    const { startServer } = await import('../server.ts');
    return await startServer(loaded.settings, { logger });
  } catch (error) {
    if (!(error instanceof Error) || isDefect(error)) throw error;
    throw new CliFailure(`The server did not start. ${error.message}`);
  }
}

function introduce(io: CliIo, app: DevelopmentApp, databasePath: string): void {
  io.out('No configuration found: this is the development app.');
  io.out(`  app id    ${app.id}`);
  io.out(`  key       ${app.key}`);
  io.out(`  secret    ${app.secret}`);
  io.out(`  kept in   ${app.file}`);
  io.out(`  data in   ${databasePath}`);
}

function announce(io: CliIo, loaded: Loaded, server: RunningServer, isJson: boolean): void {
  const { settings, development } = loaded;
  const { host, port } = server.address;
  const url = urlOf(host, port, settings.tls !== null);
  if (!isJson) {
    if (development !== null) introduce(io, development, settings.databasePath);
    io.out(`Sockudo is ready at ${url}`);
    return;
  }
  const app =
    development === null ? {} : { app_id: development.id, key: development.key, secret: development.secret };
  outJson(io, {
    event: 'ready',
    url,
    host,
    port,
    pid: process.pid,
    ...(loaded.file === null ? {} : { config: loaded.file }),
    ...(development === null ? {} : { development: { ...app, file: development.file } }),
  });
}

async function serve(options: ServeOptions, io: CliIo): Promise<ExitCode> {
  const isJson = options.json === true;
  const loaded = loadedOrFail(loadFor(io, options, flagsOf(options), 'keep'));
  if (isJson)
    for (const warning of loaded.warnings)
      outJson(io, { event: 'warning', ...warning, text: formatProblem(warning) });
  else warn(io, loaded);
  const signals = signalWaiter();
  try {
    const server = await start(loaded);
    announce(io, loaded, server, isJson);
    const signal = await signals.first;
    if (isJson) outJson(io, { event: 'stopping', signal });
    else io.err(`${signal}: closing connections; once more to stop at once`);
    await server.close();
    if (isJson) outJson(io, { event: 'stopped' });
    return EXIT.ok;
  } finally {
    signals.close();
  }
}

export function addServe(program: Command, io: CliIo, act: Act): void {
  program
    .command('serve')
    .description('Run the server')
    .option(
      '-c, --config <file>',
      'configuration file, TOML or JSON (default: config/config.toml, config/config.json)',
    )
    .option('-p, --port <port>', 'port to listen on; 0 takes any free one', portArgument)
    .option('-H, --host <address>', 'address to listen on')
    .option('--json', 'write JSON lines for machines')
    .addHelpText(
      'after',
      '\nWithout any configuration a development app is made; its key and secret are printed, its data is kept in .sockudo/.' +
        '\nThe first SIGINT or SIGTERM closes connections gracefully, the second stops at once.',
    )
    .action(act(async (options: ServeOptions) => serve(options, io)));
}

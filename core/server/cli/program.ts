// The command line as commander sees it: every command with its options, and the exit code a run ends with. What a command
// does stands in a file of its own.
import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { addChannels } from './channels.ts';
import { addConfig } from './config-command.ts';
import { addDoctor } from './doctor.ts';
import { CliFailure, type CliIo, EXIT, type ExitCode, outJson } from './io.ts';
import { addModel } from './model.ts';
import { addPublish } from './publish.ts';
import { addPush } from './push.ts';
import { addServe } from './serve.ts';
import { addSubscribe } from './subscribe.ts';

/** Registers an action; what it resolves to is the exit code of the run. */
export type Act = <Arguments extends unknown[]>(
  action: (...args: Arguments) => Promise<ExitCode>,
) => (...args: Arguments) => Promise<void>;

/** Every command with its options; nothing runs before it is parsed. */
export function createProgram(io: CliIo, act: Act): Command {
  const program = new Command('sockudo')
    .description('A realtime server that speaks the Pusher protocol, and the tools to work with one')
    .version(packageJson.version)
    .exitOverride()
    .showHelpAfterError('Add --help to see how it is used.')
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    });
  addServe(program, io, act);
  addConfig(program, io, act);
  addPublish(program, io, act);
  addSubscribe(program, io, act);
  addChannels(program, io, act);
  addPush(program, io, act);
  addDoctor(program, io, act);
  addModel(program, io, act);
  return program;
}

/** Help and version are no failure; everything else commander throws is wrong usage, and it has said so already. */
function codeOfUsage(error: CommanderError): ExitCode {
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}

/** Runs one command line (without `node` and the script) and resolves to its exit code. Never rejects for a user's mistake. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = createProgram(io, (action) => async (...args) => {
    code = await action(...args);
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return codeOfUsage(error);
    if (!(error instanceof CliFailure)) throw error;
    if (argv.includes('--json')) outJson(io, { ok: false, error: error.message, ...error.details });
    else io.err(error.message);
    return error.exitCode;
  }
}

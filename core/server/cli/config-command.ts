// `sockudo config check|print|schema`: says what the server would run with, without running it and without writing anything.
import type { Command } from 'commander';
import { stringify } from 'smol-toml';
import { configJsonSchema, formatProblem, formatProblems, redact } from '../config/index.ts';
import { type CliIo, EXIT, type ExitCode, outJson } from './io.ts';
import type { Act } from './program.ts';
import { type ConfigOptions, loadedOrFail, loadFor, warn } from './settings-for.ts';

interface Options extends ConfigOptions {
  readonly json?: boolean;
}

function check(options: Options, io: CliIo): ExitCode {
  const result = loadFor(io, options);
  const code = result.ok ? EXIT.ok : EXIT.failure;
  if (options.json === true) {
    const warnings = result.ok ? result.warnings : [];
    outJson(io, {
      ok: result.ok,
      file: result.ok ? result.file : null,
      problems: result.ok ? [] : result.problems,
      warnings,
    });
    return code;
  }
  if (!result.ok) {
    io.err(formatProblems(result.problems));
    return code;
  }
  for (const warning of result.warnings) io.out(`warning: ${formatProblem(warning)}`);
  io.out(`${result.file ?? 'The development configuration'} is valid.`);
  return code;
}

function print(options: Options, io: CliIo): ExitCode {
  const loaded = loadedOrFail(loadFor(io, options));
  const printed = redact(loaded.config);
  if (options.json === true) io.out(JSON.stringify(printed, null, 2));
  else {
    warn(io, loaded);
    io.out(stringify(printed).trimEnd());
  }
  return EXIT.ok;
}

export function addConfig(program: Command, io: CliIo, act: Act): void {
  const config = program.command('config').description('Look at the configuration');
  const file = ['-c, --config <file>', 'configuration file, TOML or JSON'] as const;
  config
    .command('check')
    .description('Check the configuration; lists every problem')
    .option(...file)
    .option('--json', 'write the result as JSON')
    .action(act(async (options: Options) => check(options, io)));
  config
    .command('print')
    .description('Print the configuration with every default, secrets left out')
    .option(...file)
    .option('--json', 'print JSON instead of TOML')
    .action(act(async (options: Options) => print(options, io)));
  config
    .command('schema')
    .description('Print the JSON Schema of configuration files')
    .action(
      act(async () => {
        io.out(JSON.stringify(configJsonSchema(), null, 2));
        return EXIT.ok;
      }),
    );
}

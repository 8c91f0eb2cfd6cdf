// `sockudo doctor`: looks at everything a server needs on this machine and says what stands in its way. The checks
// themselves are doctor-checks.ts.
import type { Command } from 'commander';
import { formatProblem } from '../config/index.ts';
import {
  type Check,
  checkDatabase,
  checkNode,
  checkPort,
  checkServer,
  type Finding,
} from './doctor-checks.ts';
import { type CliIo, EXIT, type ExitCode, outJson } from './io.ts';
import type { Act } from './program.ts';
import { reachableHost, urlOf } from './server-url.ts';
import { type ConfigOptions, loadFor } from './settings-for.ts';

interface DoctorOptions extends ConfigOptions {
  readonly url?: string;
  readonly json?: boolean;
}

function checkConfig(options: DoctorOptions, io: CliIo) {
  const result = loadFor(io, options);
  const finding: Finding = result.ok
    ? {
        status: result.warnings.length === 0 ? 'ok' : 'warning',
        text: [result.file ?? 'none: the development app', ...result.warnings.map(formatProblem)].join('; '),
      }
    : { status: 'failure', text: result.problems.map(formatProblem).join('; ') };
  return { loaded: result.ok ? result : null, check: { name: 'configuration', ...finding } };
}

async function examine(options: DoctorOptions, io: CliIo): Promise<Check[]> {
  const { loaded, check } = checkConfig(options, io);
  const checks: Check[] = [{ name: 'Node.js', ...checkNode(process.versions.node) }, check];
  const settings = loaded?.settings;
  if (settings !== undefined) {
    checks.push({ name: 'port', ...(await checkPort(settings.host, settings.port, settings.tls !== null)) });
    const needsFile = Object.values(settings.drivers).includes('sqlite');
    if (needsFile) checks.push({ name: 'database', ...checkDatabase(settings.databasePath) });
  }
  const local =
    settings === undefined ? null : urlOf(reachableHost(settings.host), settings.port, settings.tls !== null);
  const url = options.url ?? local;
  if (url !== null) checks.push(...(await checkServer(url, options.url !== undefined)));
  return checks;
}

const SIGNS = { ok: 'ok', warning: 'WARN', failure: 'FAIL' } as const;

async function doctor(options: DoctorOptions, io: CliIo): Promise<ExitCode> {
  const checks = await examine(options, io);
  const isHealthy = checks.every(({ status }) => status !== 'failure');
  if (options.json === true) outJson(io, { ok: isHealthy, checks });
  else
    for (const { name, status, text } of checks)
      io.out(`${SIGNS[status].padEnd(5)}${name.padEnd(15)}${text}`);
  return isHealthy ? EXIT.ok : EXIT.failure;
}

export function addDoctor(program: Command, io: CliIo, act: Act): void {
  program
    .command('doctor')
    .description('Check this machine, the configuration and a running server')
    .option('-c, --config <file>', 'configuration file, TOML or JSON')
    .option('--url <url>', 'address of a running server')
    .option('--json', 'write the findings as JSON')
    .action(act(async (options: DoctorOptions) => doctor(options, io)));
}

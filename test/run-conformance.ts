// `npm run conformance [-- OPTIONS]`: starts our server on a free port with the settings of test/conformance/apps.json and
// runs the suite against it, every option passed through. Without options the whole suite runs and the cases of later issues,
// named in conformance-not-yet.txt, may fail: a list that only shrinks.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { loadSettings } from '../core/server/config/index.ts';
import { startServer } from '../core/server/index.ts';
import { conformanceConfig } from './conformance-config.ts';

const here = dirname(fileURLToPath(import.meta.url));
const suite = join(here, 'conformance');

const folder = await mkdtemp(join(tmpdir(), 'sockudo-conformance-'));
const spec: unknown = JSON.parse(await readFile(join(suite, 'apps.json'), 'utf8'));
const loaded = loadSettings({
  config: conformanceConfig(spec, { port: 0 }),
  env: {},
  flags: { 'database.sqlite.path': join(folder, 'sockudo.db') },
  cwd: folder,
});
if (!loaded.ok) {
  for (const problem of loaded.problems) console.error(problem);
  process.exit(2);
}
const logger = pino({ level: process.env.SOCKUDO_LOG ?? 'error' }, pino.destination(2));
const server = await startServer(loaded.settings, { logger });
const { host, port } = server.address;

const args = process.argv.slice(2);
const endpoints = ['--ws', `ws://${host}:${port}`, '--http', `http://${host}:${port}`];
const code = args.length > 0 ? await run([...endpoints, ...args]) : await runAll();
await server.close();
await rm(folder, { recursive: true, force: true });
process.exit(code);

/** The whole suite, held against the list: a listed case that passes has to leave the list. */
async function runAll(): Promise<number> {
  const notYet = new Set(await casesNotYet());
  const text = await output([...endpoints, '--jobs', '4', '--verbose']);
  const failed = [...text.matchAll(/^FAIL ([a-z0-9-]+)/gm)].map((match) => match[1] ?? '');
  const passed = [...text.matchAll(/^ok +([a-z0-9-]+)/gm)].map((match) => match[1] ?? '');
  const unexpected = failed.filter((name) => !notYet.has(name));
  const obsolete = [...notYet].filter((name) => !failed.includes(name));
  if (unexpected.length > 0) console.log(text);
  for (const name of obsolete)
    console.log(`${name} passes (or is no case): take it off conformance-not-yet.txt`);
  console.log(`${passed.length} passed, ${unexpected.length + obsolete.length} failed`);
  return unexpected.length + obsolete.length === 0 ? 0 : 1;
}

async function casesNotYet(): Promise<readonly string[]> {
  const text = await readFile(join(here, 'conformance-not-yet.txt'), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

function output(options: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(suite, 'runner.mjs'), ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}

function run(options: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(suite, 'runner.mjs'), ...options], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
}

// `npm run conformance [-- OPTIONS]`: starts our server on a free port with the settings of test/conformance/apps.json and
// runs the suite against it, every option passed through. Without options the whole suite runs and the cases of later issues,
// named in conformance-not-yet.txt, may fail: a list that only shrinks.
//
//   --cluster   two nodes on a Redis and a PostgreSQL of their own instead; without further options, by every route to them
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Route, startOneServer, startTwoNodes } from './conformance-servers.ts';

const here = import.meta.dirname;
const suite = join(here, 'conformance');

interface Result {
  readonly passed: number;
  readonly failed: number;
}

const given = process.argv.slice(2);
const args = given.filter((option) => option !== '--cluster');
const servers = await (given.includes('--cluster') ? startTwoNodes() : startOneServer());
try {
  process.exitCode = args.length > 0 ? await run(servers.routes[0], args) : await runAll(servers.routes);
} finally {
  await servers.close();
}

async function runAll(routes: readonly Route[]): Promise<number> {
  const notYet = new Set(await casesNotYet());
  let [passed, failed] = [0, 0];
  for (const route of routes) {
    const result = await runWhole(route, notYet);
    if (routes.length > 1) console.log(`${route.name}: ${result.passed} hold, ${result.failed} do not`);
    passed += result.passed;
    failed += result.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** The whole suite, held against the list: a listed case that passes has to leave the list. */
async function runWhole(route: Route, notYet: ReadonlySet<string>): Promise<Result> {
  const text = await output([...endpoints(route), '--jobs', '4', '--verbose']);
  const counts = (name: string): boolean => !route.nodesDiffer.includes(name);
  const failed = [...text.matchAll(/^FAIL ([a-z0-9-]+)/gm)].map((match) => match[1] ?? '').filter(counts);
  const passed = [...text.matchAll(/^ok +([a-z0-9-]+)/gm)].map((match) => match[1] ?? '').filter(counts);
  const unexpected = failed.filter((name) => !notYet.has(name));
  const obsolete = [...notYet].filter((name) => !failed.includes(name));
  if (unexpected.length > 0) console.log(text);
  for (const name of obsolete)
    console.log(`${name} passes (or is no case): take it off conformance-not-yet.txt`);
  return { passed: passed.length, failed: unexpected.length + obsolete.length };
}

function endpoints({ webSocketUrl, httpUrl }: Route): string[] {
  return ['--ws', webSocketUrl, '--http', httpUrl];
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

function run(route: Route, options: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(suite, 'runner.mjs'), ...endpoints(route), ...options], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
}

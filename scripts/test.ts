// `npm test`: everything there is to check, on a machine that may have nothing yet. Gets what the tests need, then runs the static
// checks, all tests and the conformance suite. The last line sums up tests and conformance cases: `N passed, N failed`.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ensureChromium } from './chromium.ts';
import { ensureDatabases } from './databases.ts';
import { sumOfReport, type Tally } from './test-report.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SUMMARY = /^(\d+) passed, (\d+) failed$/;

/** A part that could not run or broke off counts as one failure, so that the sum can't look better than it is. */
const BROKEN: Tally = { passed: 0, failed: 1 };
const NOTHING: Tally = { passed: 0, failed: 0 };

interface Outcome {
  readonly code: number;
  /** The suite's own closing line, which is not passed on. */
  readonly summary: Tally | null;
}

/** Runs a program of the repository with its output passed on, but for a line that looks like our own last one. */
function run(name: string, args: readonly string[]): Promise<Outcome> {
  console.log(`\n— ${name}`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    let summary: Tally | null = null;
    const lines = createInterface(child.stdout);
    lines.on('line', (line) => {
      const match = SUMMARY.exec(line);
      if (match === null) console.log(line);
      else summary = { passed: Number(match[1]), failed: Number(match[2]) };
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, summary }));
  });
}

const bin = (path: string): string => join(ROOT, 'node_modules', path);

async function staticChecks(): Promise<Tally> {
  // npm names its own program to the scripts it runs.
  const npm = process.env.npm_execpath;
  if (npm === undefined) throw new Error('start the tests by npm: npm test');
  const { code } = await run('check', [npm, 'run', '--silent', 'check']);
  return code === 0 ? NOTHING : BROKEN;
}

async function tests(): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-tests-'));
  const file = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { code } = await run('tests', [bin('vitest/vitest.mjs'), 'run', ...reporters]);
    const report: unknown = JSON.parse(await readFile(file, 'utf8'));
    const sum = sumOfReport(report);
    return code !== 0 && sum.failed === 0 ? { ...sum, failed: 1 } : sum;
  } catch (error) {
    console.error('The tests left no report:', error);
    return BROKEN;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function conformance(name: string, ...options: readonly string[]): Promise<Tally> {
  const { code, summary } = await run(name, ['test/run-conformance.ts', ...options]);
  if (summary === null || (code !== 0 && summary.failed === 0)) return BROKEN;
  console.log(`Conformance cases that hold: ${summary.passed}, that do not: ${summary.failed}`);
  return summary;
}

/** What is not there fails the tests that need it, which say so again; the others are still worth running. */
function provide(what: () => void): Tally {
  try {
    what();
    return NOTHING;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return BROKEN;
  }
}

function browser(): void {
  process.env.CHROMIUM_PATH = ensureChromium();
}

const tallies = [
  provide(browser),
  provide(() => ensureDatabases('the tests of several nodes')),
  await staticChecks(),
  await tests(),
  await conformance('conformance'),
  await conformance('conformance of two nodes', '--cluster'),
];
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

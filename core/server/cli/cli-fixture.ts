// For the tests of this folder: runs a command line in this process with a recorded IO, or in a child process whose output
// can be waited for line by line.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Environment } from '../config/index.ts';
import type { CliIo } from './io.ts';
import { runCli } from './program.ts';

export interface Recorded {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Place {
  readonly cwd?: string;
  readonly env?: Environment;
  readonly input?: string;
}

/** An IO that records, for calling parts of a command directly. */
export function recordingIo(place: Place = {}): CliIo & { readonly lines: { out: string[]; err: string[] } } {
  const lines: { out: string[]; err: string[] } = { out: [], err: [] };
  return {
    lines,
    env: place.env ?? {},
    cwd: place.cwd ?? '/nowhere',
    out: (line) => void lines.out.push(line),
    err: (line) => void lines.err.push(line),
    readInput: async () => place.input ?? '',
  };
}

/** Runs one command line in this process. */
export async function run(argv: readonly string[], place: Place = {}): Promise<Recorded> {
  const io = recordingIo(place);
  const code = await runCli(argv, io);
  return { code, out: io.lines.out.join('\n'), err: io.lines.err.join('\n') };
}

/** A directory that `remove` takes away. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sockudo-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const BIN = join(import.meta.dirname, 'bin.ts');

export class Child {
  readonly process: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly lines: string[] = [];
  err = '';
  #wake: () => void = () => {};
  #isOver = false;

  constructor(argv: readonly string[], place: { readonly cwd: string; readonly env?: Environment }) {
    const env = { PATH: process.env.PATH, METRICS_ENABLED: 'false', ...place.env };
    this.process = spawn(process.execPath, [BIN, ...argv], {
      cwd: place.cwd,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    if (this.process.stdout !== null) {
      createInterface({ input: this.process.stdout }).on('line', (line) => {
        this.lines.push(line);
        this.#wake();
      });
    }
    this.ended = once(this.process, 'close').then(([code, signal]) => {
      this.#isOver = true;
      this.#wake();
      return { code, signal };
    });
  }

  /** The first line, printed already or yet to come, that contains `part`. */
  async line(part: string): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => line.includes(part));
      if (found !== undefined) return found;
      if (this.#isOver)
        throw new Error(`ended without a line with ${part}:\n${this.lines.join('\n')}\n${this.err}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Ends it, whatever it is doing. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}

/** Runs a command in a child process to its end. */
export async function runChild(
  argv: readonly string[],
  place: Place & { readonly cwd: string },
): Promise<Recorded> {
  const child = new Child(argv, place);
  child.process.stdin?.end(place.input ?? '');
  const { code } = await child.ended;
  return { code: code ?? -1, out: child.lines.join('\n'), err: child.err };
}

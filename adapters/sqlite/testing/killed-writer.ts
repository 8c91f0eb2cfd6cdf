// A process that writes as fast as it can until it is killed, and what the log says afterwards.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ChannelKey, ReplayEntry } from '@sockudo/server/ports';
import { expect } from 'vitest';
import type { SqliteChannelLog } from '../index.ts';

/** A short write-ahead log, so that rounds are killed in the middle of a checkpoint. */
export const SHORT_WAL = 128 * 1024;

export interface Writer {
  /** Its program, which reads what follows with `openWriterLog`. */
  readonly program: URL;
  readonly path: string;
  readonly round: number;
  readonly walBytes: number;
}

export function startWriter({ program, path, round, walBytes }: Writer): ChildProcess {
  const args = [fileURLToPath(program), path, String(round), String(walBytes)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The lines that a writer prints, until it has gone. */
export function linesOf(child: ChildProcess): AsyncIterable<string> {
  if (child.stdout === null) throw new Error('the child has no output');
  return createInterface(child.stdout);
}

/**
 * Kills a writer as soon as it has acknowledged `killAfter` changes.
 *
 * @param take gets every line, also those that come after the kill; answers whether it acknowledges a change. The last line
 *   may be cut short.
 */
export async function killedBurst(
  writer: Writer,
  killAfter: number,
  take: (line: string) => boolean,
): Promise<void> {
  const child = startWriter(writer);
  const exited = once(child, 'exit');
  let count = 0;
  for await (const line of linesOf(child)) {
    if (!take(line)) continue;
    count += 1;
    if (count === killAfter) child.kill('SIGKILL');
  }
  const [, signal] = await exited;
  expect(signal).toBe('SIGKILL');
}

/** Every entry that a channel replays. */
export async function replayAll(log: SqliteChannelLog, key: ChannelKey): Promise<ReplayEntry[]> {
  const head = await log.head(key);
  const entries: ReplayEntry[] = [];
  for (let more = true; more; ) {
    const page = await log.replay(key, { ...head, serial: entries.length }, 1000);
    if (page.kind !== 'page') throw new Error(`a page was expected, not a gap (${page.reason})`);
    entries.push(...page.entries);
    more = page.more;
  }
  return entries;
}

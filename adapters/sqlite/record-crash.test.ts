// kill -9 at random moments of a burst of entries that change records: a record never differs from what the entries say.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ReplayEntry } from '@sockudo/server/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createChannelLog, type SqliteChannelLog } from './index.ts';

const FIXTURE = fileURLToPath(new URL('./record-crash-writer.fixture.ts', import.meta.url));
/** A short write-ahead log, so that rounds are killed in the middle of a checkpoint. */
const SHORT_WAL = 128 * 1024;
const CHANNELS = ['channel-0', 'channel-1', 'channel-2'];

let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockudo-crash-'));
  path = join(folder, 'log.db');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('a process that is killed during a burst of entries with records', () => {
  it('leaves records that say what the entries say', async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 6; round += 1) {
      await killedBurst(round, 50 + Math.floor(Math.random() * 2000), acknowledged);
      const log = await createChannelLog({ path });
      for (const channel of CHANNELS) await expectAgreement(log, channel, acknowledged.get(channel) ?? 0);
      await log.close();
    }
  }, 120_000);
});

/** Kills the writer as soon as it has acknowledged so many entries; notes the newest of each channel. */
async function killedBurst(
  round: number,
  killAfter: number,
  acknowledged: Map<string, number>,
): Promise<void> {
  const args = [FIXTURE, path, String(round), String(SHORT_WAL)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let count = 0;
  for await (const line of createInterface(child.stdout)) {
    // The kill may cut the last line short.
    if (!line.endsWith(' .')) continue;
    const [channel = '', serial = ''] = line.split(' ');
    acknowledged.set(channel, Math.max(acknowledged.get(channel) ?? 0, Number(serial)));
    count += 1;
    if (count === killAfter) child.kill('SIGKILL');
  }
  const [, signal] = await exited;
  expect(signal).toBe('SIGKILL');
}

async function expectAgreement(log: SqliteChannelLog, channel: string, acknowledged: number): Promise<void> {
  const key = { appId: 'app', channel };
  const { serial: head } = await log.head(key);
  expect(head).toBeGreaterThanOrEqual(acknowledged);
  const line = await log.record(key, 'run', 'line');
  expect(Number(line?.value)).toBe(head);
  const said = new Map<string, string>();
  for (const [run, entries] of Map.groupBy(await wholeLine(log, channel), ({ data }) => data)) {
    const newest = entries.at(-1);
    // Its fifth, tenth, … change removes the record; the create is none.
    const isGone = entries.length > 1 && (entries.length - 1) % 5 === 0;
    if (!isGone && newest !== undefined) said.set(JSON.parse(run), String(newest.serial));
  }
  const { records, more } = await log.records(key, 'run', { limit: 100_000 });
  expect(more).toBe(false);
  const own = records.filter(({ id }) => id !== 'line' && !id.startsWith('beside '));
  expect(new Map(own.map(({ id, value }) => [id, value]))).toEqual(said);
  const ordinals = records.map(({ ordinal }) => ordinal);
  expect(new Set(ordinals).size).toBe(ordinals.length);
}

async function wholeLine(log: SqliteChannelLog, channel: string) {
  const key = { appId: 'app', channel };
  const head = await log.head(key);
  const entries: { readonly serial: number; readonly data: string }[] = [];
  for (let more = true; more; ) {
    const page = await log.replay(key, { ...head, serial: entries.length }, 1000);
    if (page.kind !== 'page') throw new Error(`a page was expected, not a gap (${page.reason})`);
    entries.push(...page.entries.map(withData));
    more = page.more;
  }
  return entries;
}

function withData(entry: ReplayEntry) {
  const data = 'kind' in entry && entry.kind === 'annotation' ? null : entry.data;
  if (data === null) throw new Error('the writer writes no annotations and clears nothing');
  return { serial: entry.serial, data };
}

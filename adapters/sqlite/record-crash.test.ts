// kill -9 at random moments of a burst of entries that change records: a record never differs from what the entries say.
import type { ReplayEntry } from '@sockudo/server/ports';
import { describe, expect, it } from 'vitest';
import { createChannelLog, type SqliteChannelLog } from './index.ts';
import { killedBurst, replayAll, SHORT_WAL } from './testing/killed-writer.ts';
import { freshLogFile } from './testing/log-file.ts';

const PROGRAM = new URL('./record-crash-writer.fixture.ts', import.meta.url);
const CHANNELS = ['channel-0', 'channel-1', 'channel-2'];

const file = freshLogFile('sockudo-crash-');

describe('a process that is killed during a burst of entries with records', () => {
  it('leaves records that say what the entries say', async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 6; round += 1) {
      const writer = { program: PROGRAM, path: file.path, round, walBytes: SHORT_WAL };
      await killedBurst(writer, 50 + Math.floor(Math.random() * 2000), (line) => take(line, acknowledged));
      const log = await createChannelLog({ path: file.path });
      for (const channel of CHANNELS) await expectAgreement(log, channel, acknowledged.get(channel) ?? 0);
      await log.close();
    }
  }, 120_000);
});

/** Notes the newest entry of each channel; answers whether the line tells of one. The kill may cut the last one short. */
function take(line: string, acknowledged: Map<string, number>): boolean {
  if (!line.endsWith(' .')) return false;
  const [channel = '', serial = ''] = line.split(' ');
  acknowledged.set(channel, Math.max(acknowledged.get(channel) ?? 0, Number(serial)));
  return true;
}

async function expectAgreement(log: SqliteChannelLog, channel: string, acknowledged: number): Promise<void> {
  const key = { appId: 'app', channel };
  const { serial: head } = await log.head(key);
  expect(head).toBeGreaterThanOrEqual(acknowledged);
  const line = await log.record(key, 'run', 'line');
  expect(Number(line?.value)).toBe(head);
  const said = new Map<string, string>();
  for (const [run, entries] of Map.groupBy((await replayAll(log, key)).map(withData), ({ data }) => data)) {
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

function withData(entry: ReplayEntry) {
  const data = 'kind' in entry && entry.kind === 'annotation' ? null : entry.data;
  if (data === null) throw new Error('the writer writes no annotations and clears nothing');
  return { serial: entry.serial, data };
}

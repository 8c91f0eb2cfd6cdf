// kill -9 at random moments of a burst of creates, appends, rows of appends and annotations: nothing that was acknowledged is lost, nothing is there twice.
import type { ChannelKey, ReplayEntry } from '@sockudo/server/ports';
import { describe, expect, it } from 'vitest';
import { createChannelLog, type SqliteChannelLog } from './index.ts';
import { killedBurst, replayAll, SHORT_WAL } from './testing/killed-writer.ts';
import { freshLogFile } from './testing/log-file.ts';

const PROGRAM = new URL('./message-crash-writer.fixture.ts', import.meta.url);
const ROUNDS = 30;

/** What a message has at least, by what was acknowledged. */
interface Acknowledged {
  readonly key: ChannelKey;
  /** Serials of appends, by their number. */
  readonly appends: Map<number, number>;
  readonly notes: string[];
}

const file = freshLogFile('sockudo-crash-');

describe('a process that is killed during a burst of creates, appends and annotations', () => {
  it('loses none that it acknowledged, applies none twice, and leaves no hole', async () => {
    const messages = new Map<string, Acknowledged>();
    for (let round = 0; round < ROUNDS; round += 1) {
      // A few long enough for rows to be moved and the write-ahead log to be copied, the others short.
      const most = round % 6 === 0 ? 2000 : 300;
      const writer = { program: PROGRAM, path: file.path, round, walBytes: SHORT_WAL };
      await killedBurst(writer, 1 + Math.floor(Math.random() * most), (line) => take(line, messages));
      const log = await createChannelLog({ path: file.path });
      const lines = new Map<string, readonly ReplayEntry[]>();
      for (const channel of ['channel-0', 'channel-1', 'channel-2']) {
        lines.set(channel, await wholeLine(log, { appId: 'app', channel }));
      }
      for (const [messageSerial, acknowledged] of messages) {
        await expectIntact(log, messageSerial, acknowledged, lines);
      }
      await log.close();
    }
  }, 120_000);
});

/** Notes a change that the writer acknowledged; answers whether the line tells of one. The kill may cut the last one short. */
function take(line: string, messages: Map<string, Acknowledged>): boolean {
  if (!line.endsWith(' .')) return false;
  const [kind, channel = '', messageSerial = '', ...rest] = line.split(' ');
  const known: Acknowledged = messages.get(messageSerial) ?? {
    key: { appId: 'app', channel },
    appends: new Map(),
    notes: [],
  };
  messages.set(messageSerial, known);
  if (kind === 'append') known.appends.set(Number(rest[0]), Number(rest[1]));
  if (kind === 'note') known.notes.push(rest[0] ?? '');
  return true;
}

/** Every entry of a channel, after looking that no serial is missing. */
async function wholeLine(log: SqliteChannelLog, key: ChannelKey): Promise<readonly ReplayEntry[]> {
  const head = await log.head(key);
  const entries = await replayAll(log, key);
  expect(entries.map(({ serial }) => serial)).toEqual(entries.map((_, index) => index + 1));
  expect(entries.length).toBe(head.serial);
  return entries;
}

async function expectIntact(
  log: SqliteChannelLog,
  messageSerial: string,
  { key, appends, notes }: Acknowledged,
  lines: ReadonlyMap<string, readonly ReplayEntry[]>,
): Promise<void> {
  const line = lines.get(key.channel) ?? [];
  for (const [number, serial] of appends) {
    expect(line[serial - 1]).toMatchObject({ kind: 'version', messageSerial, data: `"${number},"` });
    expect((await log.receipt(messageSerial, `op-${number}`))?.answer).toBe(String(number));
  }
  const state = await log.message(key, messageSerial);
  expect([messageSerial, state?.messageSerial]).toEqual([messageSerial, messageSerial]);
  const numbers = String(JSON.parse(state?.data() ?? '""'))
    .split(',')
    .slice(0, -1)
    .map(Number);
  // Appends of one writer come in the order of their numbers, so a lost or repeated one would show.
  expect(numbers).toEqual(numbers.map((_, index) => index));
  expect(numbers.length).toBeGreaterThanOrEqual(appends.size);
  expect(state?.appendCount).toBe(numbers.length);
  expect(await log.receipt(messageSerial, `op-${numbers.length}`)).toBeNull();
  const { records } = await log.annotations(key, messageSerial, { limit: 99 });
  const serials = records.map(({ annotationSerial }) => annotationSerial);
  expect(serials.slice(0, notes.length)).toEqual(notes);
  const projection = (await log.projections(key, 9999)).find((one) => one.messageSerial === messageSerial);
  expect(projection?.state ?? '0').toBe(String(records.length));
}

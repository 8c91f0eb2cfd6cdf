// kill -9 at random moments, and a write-ahead log that is cut or damaged afterwards, as a loss of power may leave it.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChannelLog, LogEntry } from '@sockudo/server/ports';
import { describe, expect, it } from 'vitest';
import { createChannelLog, DatabaseInUse } from './index.ts';
import { killedBurst, linesOf, SHORT_WAL, startWriter, type Writer } from './testing/killed-writer.ts';
import { freshLogFile } from './testing/log-file.ts';

const PROGRAM = new URL('./crash-writer.fixture.ts', import.meta.url);
/** Never checkpointed: a checkpoint syncs the log first, so what the database file has can't be missing from a cut log. */
const LONG_WAL = 1024 * 1024 * 1024;
const CHANNELS = ['group-0', 'group-1', 'group-2', 'common'];

interface Acknowledged {
  readonly text: string;
  readonly groupSerial: number;
  readonly commonSerial: number;
}

const file = freshLogFile('sockudo-crash-');

describe('a process that is killed during a burst of commits', () => {
  it('loses nothing that it acknowledged, and leaves no hole', async () => {
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < 6; round += 1) {
      const killAfter = 20 + Math.floor(Math.random() * 600);
      acknowledged.push(...(await acknowledgedIn(round, killAfter, SHORT_WAL)));
      const log = await createChannelLog({ path: file.path });
      await expectIntact(log, acknowledged);
      await log.close();
    }
  }, 120_000);

  it('leaves a file that opens at any cut of the write-ahead log, with whole commits only', async () => {
    await acknowledgedIn(0, 300, LONG_WAL);
    const { size } = await stat(`${file.path}-wal`);
    for (const share of [0, 0.1, 0.33, 0.5, 0.77, 0.9, 0.99, 1]) {
      const cut = await copyOf(`cut-${share}.db`);
      await truncate(`${cut}-wal`, Math.floor(size * share));
      await expectWholeCommits(cut);
    }
  }, 120_000);

  it('leaves a file whose log may end in garbage', async () => {
    const acknowledged = await acknowledgedIn(0, 300, LONG_WAL);
    const damaged = await copyOf('damaged.db');
    await appendFile(`${damaged}-wal`, Buffer.alloc(10_000, 0xa5));
    const log = await createChannelLog({ path: damaged });
    await expectIntact(log, acknowledged);
    await log.close();
  }, 120_000);
});

describe('a second opener', () => {
  it('is refused with the pid of the first, until that one is gone', async () => {
    const child = startWriter(writer(0, SHORT_WAL));
    await firstLine(child, 'ready');
    const refusal = createChannelLog({ path: file.path });
    await expect(refusal).rejects.toBeInstanceOf(DatabaseInUse);
    await expect(refusal).rejects.toThrow(`in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const log = await createChannelLog({ path: file.path });
    await expect(createChannelLog({ path: file.path })).rejects.toThrow('has a channel log open already');
    await log.close();
  }, 60_000);
});

const writer = (round: number, walBytes: number): Writer => ({
  program: PROGRAM,
  path: file.path,
  round,
  walBytes,
});

async function firstLine(child: ChildProcess, text: string): Promise<void> {
  for await (const line of linesOf(child)) {
    if (line === text) return;
  }
  throw new Error(`the child ended without '${text}'`);
}

/** Kills the writer as soon as it has acknowledged `killAfter` commits; answers all that it acknowledged. */
async function acknowledgedIn(round: number, killAfter: number, walBytes: number): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  await killedBurst(writer(round, walBytes), killAfter, (line) => {
    const [text = '', groupSerial, commonSerial] = line.split(' ');
    if (text === 'ready' || commonSerial === undefined) return false;
    acknowledged.push({ text, groupSerial: Number(groupSerial), commonSerial: Number(commonSerial) });
    return true;
  });
  return acknowledged;
}

async function copyOf(name: string): Promise<string> {
  const copy = join(file.folder, name);
  await copyFile(file.path, copy);
  await copyFile(`${file.path}-wal`, `${copy}-wal`);
  return copy;
}

async function expectIntact(log: ChannelLog, acknowledged: readonly Acknowledged[]): Promise<void> {
  const byChannel = new Map<string, Map<number, string>>();
  for (const channel of CHANNELS) byChannel.set(channel, await gaplessTexts(log, channel));
  for (const { text, groupSerial, commonSerial } of acknowledged) {
    const group = `group-${Number(text.split('.')[1]) % 3}`;
    expect(byChannel.get(group)?.get(groupSerial)).toBe(text);
    expect(byChannel.get('common')?.get(commonSerial)).toBe(text);
    expect((await log.receipt('texts', text))?.answer).toBe(text);
  }
}

/** Every commit wrote to one group and to the common channel, with a receipt: the sums must agree. */
async function expectWholeCommits(path: string): Promise<void> {
  const log = await createChannelLog({ path });
  const groups = await Promise.all(CHANNELS.slice(0, 3).map((channel) => gaplessTexts(log, channel)));
  const common = await gaplessTexts(log, 'common');
  expect(groups.flatMap((texts) => [...texts.values()]).sort()).toEqual([...common.values()].sort());
  for (const text of common.values()) expect((await log.receipt('texts', text))?.answer).toBe(text);
  await log.close();
}

/** The message ids of a channel by serial, after looking that there is each serial up to the head. */
async function gaplessTexts(log: ChannelLog, channel: string): Promise<Map<number, string>> {
  const key = { appId: 'app', channel };
  const head = await log.head(key);
  const entries: LogEntry[] = [];
  for (let serial = 0; serial < head.serial; serial = entries.length) {
    const from = { streamId: head.streamId, serial };
    const page = await log.read(key, { direction: 'oldest-first', limit: 1000, from });
    if (page.kind !== 'page') throw new Error(`a page was expected, not a gap (${page.reason})`);
    entries.push(...page.entries);
  }
  expect(entries.map(({ serial }) => serial)).toEqual(entries.map((_, index) => index + 1));
  expect(entries.length).toBe(head.serial);
  return new Map(entries.map(({ serial, messageId = '' }) => [serial, messageId]));
}

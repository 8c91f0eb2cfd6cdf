// Two logs on one database, as two nodes have them: what one does at the same moment as the other.
import { createVersionSerials } from '@sockudo/protocol';
import type { ChannelKey, CommitResult, EntryDraft, VersionEntry } from '@sockudo/server/ports';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresCluster, startPostgres } from '../../test/support/postgres.ts';
import { createChannelLog, type PostgresChannelLog } from './index.ts';
import { unusedSchema } from './testing/open-log.ts';

let cluster: PostgresCluster;
let nodes: readonly PostgresChannelLog[] = [];
let schema = '';

beforeAll(async () => {
  cluster = await startPostgres({ fsync: 'off' });
}, 60_000);

afterAll(() => cluster.close());

const open = (): Promise<PostgresChannelLog> => createChannelLog({ connection: cluster.connection, schema });

beforeEach(async () => {
  schema = unusedSchema();
  // At once: the migrations run under their lock.
  nodes = await Promise.all([open(), open()]);
});

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.close()));
});

const key = (channel: string): ChannelKey => ({ appId: 'app', channel });

const draft = (channel: string, given: Partial<EntryDraft> = {}): EntryDraft => ({
  key: key(channel),
  event: 'event',
  data: '"data"',
  publishedAtMs: Date.now(),
  retention: {},
  ...given,
});

function entriesOf(result: CommitResult) {
  if (result.kind !== 'committed') throw new Error(`committed was expected, not ${result.kind}`);
  return result.entries;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('two nodes', () => {
  it('number channels together without holes, also in commits over several channels', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const taken = new Map(names.map((name) => [name, [] as number[]]));
    const commits = upTo(400).flatMap((count) =>
      nodes.map(async (node, place) => {
        const seen = [count, count * 3 + place].map((number) => names[number % names.length] ?? 'a');
        const channels = count % 3 === 0 ? seen : seen.slice(0, 1);
        const result = await node.commit({ entries: channels.map((name) => draft(name)), receipts: [] });
        for (const entry of entriesOf(result)) taken.get(entry.key.channel)?.push(entry.serial);
      }),
    );
    await Promise.all(commits);
    for (const [name, serials] of taken) {
      expect(serials.sort((one, other) => one - other)).toEqual(upTo(serials.length));
      for (const node of nodes) expect((await node.head(key(name))).serial).toBe(serials.length);
    }
  });

  it('answer the commits of one node in serial order (L4)', async () => {
    const answered = nodes.map(() => [] as number[]);
    await Promise.all(
      upTo(300).flatMap(() =>
        nodes.map(async (node, place) => {
          const [entry] = entriesOf(await node.commit({ entries: [draft('a')], receipts: [] }));
          answered[place]?.push(entry?.serial ?? 0);
        }),
      ),
    );
    for (const serials of answered) expect(serials).toEqual([...serials].sort((one, other) => one - other));
    expect(answered.flat().sort((one, other) => one - other)).toEqual(upTo(600));
  });

  it('use a receipt key once', async () => {
    const results = await Promise.all(
      upTo(60).flatMap((count) =>
        nodes.map((node, place) =>
          node.commit({
            // Different channels: no row lock decides between the two.
            entries: [draft(`of-${place}`)],
            receipts: [
              {
                scope: 's',
                key: `k${count}`,
                fingerprint: 'same',
                expiresAtMs: Date.now() + 60_000,
                answer: ([entry]) => `${entry?.key.channel} ${entry?.serial}`,
              },
            ],
          }),
        ),
      ),
    );
    expect(results.filter(({ kind }) => kind === 'committed')).toHaveLength(60);
    for (const result of results) {
      if (result.kind === 'committed') continue;
      if (result.kind !== 'duplicate') throw new Error(result.kind);
      const { scope, key: used, answer } = result.receipt;
      for (const node of nodes) expect((await node.receipt(scope, used))?.answer).toBe(answer);
    }
    const heads = await Promise.all(['of-0', 'of-1'].map((name) => nodes[0]?.head(key(name))));
    expect(heads.reduce((sum, head) => sum + (head?.serial ?? 0), 0)).toBe(60);
  });

  it('append to one message: each fragment once, every version with the text up to it (M2, M3)', async () => {
    const serials = nodes.map((_, place) => createVersionSerials(`node-${place}`, Date.now));
    const create = draft('a', { data: '"<"', versionSerial: (serial) => serials[0]?.next(serial) ?? '' });
    const [message] = entriesOf(
      (await nodes[0]?.commit({ entries: [create], receipts: [] })) ?? { kind: 'committed', entries: [] },
    );
    const messageSerial = message?.messageSerial ?? '';
    const appended: VersionEntry[] = [];
    await Promise.all(
      upTo(200).flatMap((count) =>
        nodes.map(async (node, place) => {
          const result = await node.mutate({
            key: key('a'),
            messageSerial,
            publishedAtMs: Date.now(),
            retention: {},
            apply: ({ event }) => ({ action: 'append', data: JSON.stringify(` ${place}-${count}`), event }),
            versionSerial: (serial, above) => serials[place]?.next(serial, above) ?? '',
          });
          if (result.kind !== 'committed') throw new Error(result.kind);
          appended.push(result.entry);
        }),
      ),
    );
    appended.sort((one, other) => one.serial - other.serial);
    expect(appended.map(({ serial }) => serial)).toEqual(upTo(400).map((serial) => serial + 1));
    let text = '<';
    for (const [index, entry] of appended.entries()) {
      text += JSON.parse(entry.data ?? '""');
      expect(entry.whole()).toBe(JSON.stringify(text));
      expect(entry.versionSerial > (appended[index - 1]?.versionSerial ?? messageSerial)).toBe(true);
    }
    for (const node of nodes) {
      expect((await node.message(key('a'), messageSerial))?.data()).toBe(JSON.stringify(text));
      const from = { streamId: message?.streamId ?? '', serial: 0 };
      const replay = await node.replay(key('a'), from, 1000);
      expect(replay.kind === 'page' && replay.entries.map(({ serial }) => serial)).toEqual(upTo(401));
    }
  });

  it('see purge, reset and retention of each other', async () => {
    const [one, other] = nodes;
    if (one === undefined || other === undefined) throw new Error('two nodes');
    await one.commit({ entries: upTo(10).map(() => draft('a')), receipts: [] });
    expect(await other.purge(key('a'), { serial: 4 })).toMatchObject({ messages: 3 });
    expect((await one.state(key('a'))).oldestSerial).toBe(4);
    await Promise.all([
      one.trim(),
      other.trim(),
      other.commit({ entries: [draft('a', { retention: { messages: 2 } })], receipts: [] }),
    ]);
    expect(await one.state(key('a'))).toMatchObject({ oldestSerial: 10, newestSerial: 11, messages: 2 });
    const { previous, head } = await one.reset(key('a'));
    expect(previous.serial).toBe(11);
    expect(await other.head(key('a'))).toEqual(head);
    const [entry] = entriesOf(await other.commit({ entries: [draft('a')], receipts: [] }));
    expect(entry).toMatchObject({ streamId: head.streamId, serial: 1 });
  });
});

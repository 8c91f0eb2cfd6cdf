// Appends rolled up, from the publisher to what clients read, on a clock of the test's own.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Frame, TestClient } from '../testing/test-client.ts';
import type { TestRealtime } from '../testing/test-realtime.ts';
import {
  Author,
  CHANNEL,
  type RolledOptions,
  type RolledRoom,
  rolledRoom,
  seen,
} from './testing/rolled-channel.ts';

let realtime: TestRealtime;
let author: Author;
let reader: RolledRoom['reader'];
let message: RolledRoom['message'];

function start(options: RolledOptions = {}): void {
  ({ realtime, author, reader, message } = rolledRoom(options));
}

beforeEach(() => start());
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

// CAST: frames of versions have these headers.
const headersOf = (frame: Frame | undefined): Record<string, unknown> =>
  (frame?.extras as { headers: Record<string, unknown> } | undefined)?.headers ?? {};

describe('a window', () => {
  it('sends the first append at once and the later ones in one frame, which is the last of them', async () => {
    const client = await reader();
    const serial = await message(client);
    await author.append(serial, 'a');
    expect(await seen(client)).toEqual([['a', 2]]);
    await author.append(serial, 'b');
    await author.append(serial, '"ü\n');
    await author.append(serial, '🙂');
    realtime.advance(39);
    expect(await seen(client)).toEqual([]);
    realtime.advance(6);
    const [frame, ...more] = await client.answers();
    expect(more).toEqual([]);
    expect(frame).toMatchObject({ event: 'sockudo:message.append', data: 'b"ü\n🙂', serial: 5 });
    expect(headersOf(frame)).toMatchObject({
      sockudo_action: 'message.append',
      sockudo_message_serial: serial,
    });
    expect(headersOf(frame).sockudo_version_serial).toBe(frame?.message_id);
  });

  it('is over after its end: the next append leaves at once', async () => {
    const client = await reader();
    const serial = await message(client);
    for (const text of ['a', 'b']) await author.append(serial, text);
    realtime.advance(45);
    await author.append(serial, 'c');
    expect(await seen(client)).toEqual([
      ['a', 2],
      ['b', 3],
      ['c', 4],
    ]);
    realtime.advance(45);
    await author.append(serial, 'd');
    expect(await seen(client)).toEqual([['d', 5]]);
  });

  it('joins two halves of a character', async () => {
    const client = await reader();
    const serial = await message(client);
    for (const text of ['a', '\ud83d', '\ude42']) await author.append(serial, text);
    realtime.advance(45);
    expect(await seen(client)).toEqual([
      ['a', 2],
      ['🙂', 4],
    ]);
  });

  it('ends by the clock also where the timer is late: what was held, then the append', async () => {
    const client = await reader();
    const serial = await message(client);
    const { rollup } = realtime.context.hub;
    if (rollup === null) throw new Error('no rollup');
    const advance = rollup.advance.bind(rollup);
    for (const text of ['a', 'b']) await author.append(serial, text);
    rollup.advance = () => {};
    realtime.advance(45);
    await author.append(serial, 'c');
    expect(await seen(client)).toEqual([
      ['a', 2],
      ['b', 3],
      ['c', 4],
    ]);
    rollup.advance = advance;
  });

  it('is not ended by what the timer remembers of an earlier one', async () => {
    const client = await reader();
    const serial = await message(client);
    realtime.advance(1);
    for (const text of ['a', 'b']) {
      await author.append(serial, text);
      realtime.advance(40);
    }
    for (const text of ['c', 'd']) await author.append(serial, text);
    realtime.advance(4);
    await author.append(serial, 'e');
    realtime.advance(45);
    expect((await seen(client)).map(([data]) => data)).toEqual(['a', 'b', 'c', 'de']);
  });

  it('leaves no timer and no state behind', async () => {
    const client = await reader();
    const serial = await message(client);
    const { counters } = client.connection;
    await author.append(serial, 'a');
    expect([realtime.context.hub.rollup?.isActive, counters.activeStreams]).toEqual([true, 1]);
    realtime.advance(45);
    expect([realtime.context.hub.rollup?.isActive, counters.activeStreams]).toEqual([false, 0]);
  });
});

describe('order (D65)', () => {
  it('of a last append: what is held, then it, both at once', async () => {
    const client = await reader();
    const serial = await message(client);
    for (const text of ['a', 'b', 'c']) await author.append(serial, text);
    await author.finish(serial, '.');
    expect(await seen(client)).toEqual([
      ['a', 2],
      ['bc', 4],
      ['.', 5],
    ]);
    expect(client.connection.counters.activeStreams).toBe(0);
  });

  it('of an update: what is held goes first, and the next append starts anew', async () => {
    const client = await reader();
    const serial = await message(client);
    for (const text of ['a', 'b']) await author.append(serial, text);
    await author.update(serial, 'x');
    await author.append(serial, 'c');
    expect(await seen(client)).toEqual([
      ['a', 2],
      ['b', 3],
      ['x', 4],
      ['c', 5],
    ]);
  });

  it('of anything else of the channel: nothing overtakes', async () => {
    const client = await reader();
    const serial = await message(client);
    for (const text of ['a', 'b']) await author.append(serial, text);
    await author.create('other');
    expect(await seen(client)).toEqual([
      ['a', 2],
      ['b', 3],
      ['other', 4],
    ]);
    await author.append(serial, 'c');
    expect(await seen(client)).toEqual([]);
    realtime.context.hub.deliver({
      key: { appId: 'app', channel: CHANNEL },
      message: { channel: CHANNEL, event: 'typing', data: '"t"', publishedAtMs: 1 },
    });
    expect(await seen(client)).toEqual([
      ['c', 5],
      ['t', undefined],
    ]);
  });

  it('of several messages: they leave together, neighbours merged, so that every serial can be resumed from', async () => {
    const client = await reader();
    const [one, two] = [await message(client), await message(client)];
    for (const [serial, text] of [
      [one, 'a'],
      [two, 'A'],
      [one, 'b'],
      [one, 'c'],
      [two, 'B'],
      [one, 'd'],
    ] as const) {
      await author.append(serial, text);
    }
    realtime.advance(45);
    expect(await seen(client)).toEqual([
      ['a', 3],
      ['A', 4],
      ['bc', 6],
      ['B', 7],
      ['d', 8],
    ]);
  });

  it('with more messages than may be held: those beyond are sent at once', async () => {
    await realtime.close();
    start({ maxMessages: 1 });
    const client = await reader();
    const [one, two] = [await message(client), await message(client)];
    for (const [serial, text] of [
      [one, 'a'],
      [one, 'b'],
      [two, 'A'],
      [two, 'B'],
    ] as const) {
      await author.append(serial, text);
    }
    expect(await seen(client)).toEqual([
      ['a', 3],
      ['b', 4],
      ['A', 5],
      ['B', 6],
    ]);
  });
});

describe('who gets what', () => {
  it('append_mode=full: the whole text of the last', async () => {
    const client = await reader({ appendMode: 'full' });
    const serial = await message(client);
    for (const text of ['a', 'b', 'c']) await author.append(serial, text);
    realtime.advance(45);
    expect(await seen(client)).toEqual([
      ['a', 2],
      ['abc', 4],
    ]);
  });

  it('D66: every connection has its own window, and those of one share the frames', async () => {
    const clients = [await reader(), await reader(), await reader({ rollupWindowMs: 100 })];
    const plain = await reader({ rollupWindowMs: 0 });
    const [first, second, slow] = clients;
    const serial = await message(...clients, plain);
    for (const text of ['a', 'b', 'c']) await author.append(serial, text);
    expect(await seen(plain)).toEqual([
      ['a', 2],
      ['b', 3],
      ['c', 4],
    ]);
    realtime.advance(45);
    for (const client of [first, second])
      expect(await seen(client as TestClient)).toEqual([
        ['a', 2],
        ['bc', 4],
      ]);
    expect(second?.socket.writes.at(-1)).toBe(first?.socket.writes.at(-1));
    await author.append(serial, 'd');
    realtime.advance(60);
    expect(await seen(slow as TestClient)).toEqual([
      ['a', 2],
      ['bcd', 5],
    ]);
  });

  it('protocol 1 gets no appends, and other channels are not rolled up', async () => {
    const v1 = await reader({ protocol: 1 });
    const other = await reader({ channel: 'room' });
    const serial = await message(v1);
    for (const text of ['a', 'b']) await author.append(serial, text);
    author = new Author(realtime, 'room');
    const plain = await author.create('');
    await other.answers();
    for (const text of ['a', 'b']) await author.append(plain, text);
    realtime.advance(45);
    expect(await seen(v1)).toEqual([]);
    expect(await seen(other)).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
  });

  it('filters look at single appends', async () => {
    const client = await reader({ with: { filter: { expression: "!contains(data, 'no')" } } });
    const serial = await message(client);
    for (const text of ['a', 'n', 'o']) await author.append(serial, text);
    realtime.advance(45);
    expect(await seen(client)).toEqual([
      ['a', 2],
      ['no', 4],
    ]);
    for (const text of ['a', 'yes', 'no', 'yes']) await author.append(serial, text);
    realtime.advance(45);
    expect(await seen(client)).toEqual([
      ['a', 5],
      ['yes', 6],
      ['yes', 8],
    ]);
    expect(client.connection.counters.eventFilterSuppressed).toBe(1);
  });

  it('patterns: one copy for each connection', async () => {
    const client = await reader({ channel: 'ai-*' });
    const both = await reader();
    const serial = await message(client, both);
    await both.subscribe('ai-*');
    for (const text of ['a', 'b', 'c']) await author.append(serial, text);
    realtime.advance(45);
    for (const one of [client, both])
      expect(await seen(one)).toEqual([
        ['a', 2],
        ['bc', 4],
      ]);
  });

  it('the publisher of an append does not hear it, and its neighbours do not hide that', async () => {
    const [publisher, other] = [await reader(), await reader()];
    const messageSerial = await message(publisher, other);
    let serial = 1;
    const deliver = (text: string, exceptSocketId?: string): void => {
      serial += 1;
      realtime.context.hub.deliver({
        key: { appId: 'app', channel: CHANNEL },
        message: {
          channel: CHANNEL,
          event: 'sockudo:message.append',
          data: JSON.stringify(text),
          publishedAtMs: 1,
          version: {
            action: 'append',
            messageSerial,
            versionSerial: `v${serial}`,
            timestampMs: 1,
            historySerial: 1,
          },
          protocol2Only: true,
        },
        ...(exceptSocketId !== undefined && { exceptSocketId }),
      });
    };
    for (const text of ['a', 'b']) deliver(text, publisher.socketId);
    deliver('c', publisher.socketId);
    deliver('d');
    realtime.advance(45);
    const data = async (client: TestClient) => (await client.answers()).map((frame) => frame.data);
    expect(await data(other)).toEqual(['a', 'bc', 'd']);
    expect(await data(publisher)).toEqual(['d']);
  });
});

describe('numbers', () => {
  it('tell what came, what left, and how long it waited', async () => {
    const client = await reader();
    const serial = await message(client);
    for (const text of ['a', 'b', 'c']) await author.append(serial, text);
    realtime.advance(45);
    const { counters } = client.connection;
    expect([counters.appendsReceived, counters.appendsDelivered]).toEqual([3, 2]);
    expect(counters.rollupRatio).toMatchObject({ count: 2, sum: 3 });
    expect(counters.flushLatencyMs).toMatchObject({ count: 1, sum: 45 });
  });

  it('bound what is held: a full lane leaves early', async () => {
    const client = await reader();
    const serial = await message(client);
    const long = 'x'.repeat(30_000);
    for (const text of ['a', long, long, long]) await author.append(serial, text);
    const lengths = (await client.answers()).map(({ data }) => String(data).length);
    expect(lengths).toEqual([1, 60_000]);
    realtime.advance(45);
    expect(String((await client.answers())[0]?.data).length).toBe(30_000);
  });
});

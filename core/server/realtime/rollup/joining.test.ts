// Who comes, goes or looks back in the middle of a window: nothing is lost for anybody, and nothing comes twice.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TestRealtime } from '../testing/test-realtime.ts';
import { type Author, CHANNEL, type RolledRoom, rolledRoom, seen } from './testing/rolled-channel.ts';

let realtime: TestRealtime;
let author: Author;
let reader: RolledRoom['reader'];
let message: RolledRoom['message'];

beforeEach(() => {
  ({ realtime, author, reader, message } = rolledRoom());
});
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

describe('who comes in the middle of a window', () => {
  it('gets every append by itself, once, until the next one', async () => {
    const old = await reader();
    const serial = await message(old);
    for (const text of ['a', 'b']) await author.append(serial, text);
    const late = await reader({ with: { rewind: 1 } });
    expect(late.frames.filter(({ event }) => event === 'sockudo:message.update')).toMatchObject([
      { data: 'ab', serial: 3 },
    ]);
    for (const text of ['c', 'd']) await author.append(serial, text);
    expect(await seen(late)).toEqual([
      ['c', 4],
      ['d', 5],
    ]);
    realtime.advance(45);
    expect(await seen(late)).toEqual([]);
    expect(await seen(old)).toEqual([
      ['a', 2],
      ['bcd', 5],
    ]);
    for (const text of ['e', 'f', 'g']) await author.append(serial, text);
    realtime.advance(45);
    for (const client of [old, late])
      expect(await seen(client)).toEqual([
        ['e', 6],
        ['fg', 8],
      ]);
  });

  it('by a resume on a live subscription: what waits for it goes out before', async () => {
    const client = await reader();
    const serial = await message(client);
    for (const text of ['a', 'b', 'c']) await author.append(serial, text);
    const { streamId } = (await realtime.context.logs.head(realtime.app, CHANNEL)) ?? { streamId: '' };
    client.request('resume', { channel_positions: { [CHANNEL]: { stream_id: streamId, serial: 4 } } });
    const frames = await client.answers();
    expect(frames.slice(0, 2).map(({ data }) => data)).toEqual(['a', 'bc']);
    expect(frames[2]?.event).toBe('sockudo:resume_success');
    realtime.advance(45);
    expect(await seen(client)).toEqual([]);
  });

  it('with a second subscription of the same connection: nothing is doubled, nothing lost', async () => {
    const client = await reader({ channel: 'ai-*' });
    const serial = await message(client);
    for (const text of ['a', 'b']) await author.append(serial, text);
    await client.subscribe(CHANNEL);
    await author.append(serial, 'c');
    client.request('unsubscribe', { channel: CHANNEL });
    await author.append(serial, 'd');
    realtime.advance(45);
    await client.answers();
    const data = client.frames
      .filter(({ event }) => event === 'sockudo:message.append')
      .map((frame) => frame.data);
    expect(data.join('')).toBe('abcd');
  });

  it('leaves the others what is theirs when it goes', async () => {
    const [stays, goes, closes] = [await reader(), await reader(), await reader()];
    const serial = await message(stays, goes, closes);
    for (const text of ['a', 'b']) await author.append(serial, text);
    goes.request('unsubscribe', { channel: CHANNEL });
    closes.disconnect();
    realtime.advance(45);
    expect(await seen(stays)).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
    expect(await seen(goes)).toEqual([['a', 2]]);
  });
});

describe('a page of history over the socket', () => {
  it('never lies inside of a frame that comes after it', async () => {
    const client = await reader();
    const serial = await message(client);
    for (const text of ['a', 'b']) await author.append(serial, text);
    client.request('channel_history', JSON.stringify({ channel: CHANNEL }));
    const frames = await client.answers();
    expect(frames.map(({ data }) => data).slice(0, 2)).toEqual(['a', 'b']);
    expect(frames[2]?.event).toBe('sockudo:channel_history');
    for (const text of ['c', 'd', 'e']) await author.append(serial, text);
    // The first above the page takes the gate away; from the next window on they are merged again.
    realtime.advance(45);
    for (const text of ['f', 'g', 'h']) await author.append(serial, text);
    realtime.advance(45);
    const data = (await client.answers()).map((frame) => frame.data);
    expect(data.join('')).toBe('cdefgh');
    expect(data.slice(-2)).toEqual(['f', 'gh']);
  });
});

describe('at the end', () => {
  it('everything that is held is sent', async () => {
    const client = await reader();
    const serial = await message(client);
    for (const text of ['a', 'b']) await author.append(serial, text);
    realtime.context.hub.rollup?.close();
    expect(await seen(client)).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
  });
});

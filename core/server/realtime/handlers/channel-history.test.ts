import { parsePublish } from '@sockudo/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Frame, TestClient } from '../testing/test-client.ts';
import { type TestRealtime, testRealtime } from '../testing/test-realtime.ts';

let realtime: TestRealtime;
let client: TestClient;

beforeEach(async () => {
  realtime = testRealtime({ config: { history: { max_page_size: 4 } } });
  client = realtime.client({ protocol: 2 });
});
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

async function publish(...texts: string[]): Promise<void> {
  for (const data of texts) {
    const request = parsePublish({ name: 'ev', channel: 'room', data });
    await realtime.context.publisher.publishEvent(realtime.app, request);
  }
}

interface Page {
  readonly items: readonly { readonly message: { readonly data: string } }[];
  readonly next_cursor: string | null;
  readonly [member: string]: unknown;
}

async function ask(data: unknown, event = 'sockudo:channel_history'): Promise<Page> {
  client.receive({ event, data });
  const frame = (await client.answers()).find((one) => one.event === 'sockudo:channel_history');
  if (frame === undefined) throw new Error('no answer');
  // CAST: data of the answer.
  return frame.data as Page;
}

async function refusal(data: unknown): Promise<Frame['data']> {
  client.receive({ event: 'sockudo:channel_history', data });
  return (await client.answers()).at(-1)?.data;
}

const texts = ({ items }: Page): string[] => items.map(({ message }) => message.data);

describe('channel_history', () => {
  beforeEach(async () => {
    await publish('a', 'b', 'c');
    await client.subscribe('room');
  });

  it.each([
    ['an object', { channel: 'room', limit: 2 }],
    ['a string', JSON.stringify({ channel: 'room', limit: 2 })],
    ['params', { params: { channel: 'room', limit: 2 } }],
  ])('is asked for with %s', async (_form, data) => {
    expect(texts(await ask(data))).toEqual(['c', 'b']);
  });

  it('is understood with and without a prefix', async () => {
    for (const event of ['channel_history', 'pusher:channel_history', 'sockudo_internal:channel_history']) {
      expect(texts(await ask({ channel: 'room' }, event))).toEqual(['c', 'b', 'a']);
    }
  });

  it('pages to the end, in both directions', async () => {
    await publish('d', 'e');
    for (const direction of ['backwards', 'forwards']) {
      const seen: string[] = [];
      for (let cursor: string | null = null; ; ) {
        const page = await ask({ channel: 'room', limit: 2, direction, ...(cursor !== null && { cursor }) });
        seen.push(...texts(page));
        cursor = page.next_cursor;
        if (cursor === null) break;
      }
      expect(direction === 'forwards' ? seen : seen.reverse()).toEqual(['a', 'b', 'c', 'd', 'e']);
    }
  });

  it('names the stream of each message, and its action by one word', async () => {
    const page = await ask({ channel: 'room', limit: 1 });
    const [item] = page.items;
    expect(item).toMatchObject({ operation_kind: 'create', event_name: 'sockudo:message.create' });
    expect(item?.message).toMatchObject({ stream_id: expect.any(String), data: 'c' });
    expect(page.bounds).toEqual({
      start_serial: null,
      end_serial: null,
      start_time_ms: null,
      end_time_ms: null,
      until_attach: false,
      attach_serial: null,
    });
  });

  it('ends at the attach serial where that is asked for: everything after it comes live', async () => {
    await publish('d', 'e');
    const live = (await client.answers()).map(({ data }) => data);
    const page = await ask({ channel: 'room', until_attach: true, direction: 'forwards' });
    expect([...texts(page), ...live]).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(page.bounds).toMatchObject({ until_attach: true, attach_serial: 3, end_serial: 3 });
    const narrower = await ask({ channel: 'room', untilAttach: true, end: 2 });
    expect(texts(narrower)).toEqual(['b', 'a']);
    const paged = await ask({ channel: 'room', until_attach: true, limit: 2 });
    const next = { channel: 'room', until_attach: true, limit: 2, cursor: paged.next_cursor };
    expect(texts(await ask(next))).toEqual(['a']);
  });

  it('knows no attach serial of a stream that was reset', async () => {
    await realtime.context.history.reset(realtime.app, 'room', { reason: 'test', requestedBy: null });
    await publish('new');
    await client.answers();
    expect(await refusal({ channel: 'room', until_attach: true })).toEqual({
      code: 4000,
      message: "Invalid message format: No attach_serial is recorded for channel 'room'",
    });
    expect(texts(await ask({ channel: 'room' }))).toEqual(['new']);
  });

  it('is for those who may read history and are subscribed by name', async () => {
    await client.subscribe('ro*');
    expect(await refusal({ channel: 'ro*' })).not.toHaveProperty('code');
    expect(await refusal({ channel: 'elsewhere' })).toMatchObject({ code: 4301 });
    await client.signIn('ann', { capabilities: { subscribe: ['*'], history: ['other'] } });
    expect(await refusal({ channel: 'room' })).toEqual({
      code: 4009,
      message: "Authentication error: Connection is not allowed to history channel 'room'",
    });
  });

  it('refuses cursors of other requests', async () => {
    const { next_cursor: cursor } = await ask({ channel: 'room', limit: 1 });
    expect(await refusal({ channel: 'room', limit: 1, cursor, direction: 'forwards' })).toEqual({
      code: 4000,
      message: 'Invalid message format: History cursor direction does not match the request',
    });
    expect(await refusal({ channel: 'room', cursor: '?' })).toMatchObject({ code: 4000 });
  });

  it('answers many requests in their order', async () => {
    for (const limit of [1, 2, 3]) client.request('channel_history', { channel: 'room', limit });
    const sizes = (await client.answers()).map(({ data }) => (data as Page).items.length);
    expect(sizes).toEqual([1, 2, 3]);
  });
});

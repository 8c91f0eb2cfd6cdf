import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame, TestClient } from '../testing/test-client.ts';
import { type TestRealtime, testRealtime } from '../testing/test-realtime.ts';

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime();
});
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

const dataOf = (frame: Frame | undefined) => JSON.parse(String(frame?.data));

describe('D25: presence_update', () => {
  async function member(): Promise<TestClient> {
    const client = realtime.client({ protocol: 2 });
    await client.join('presence-x', 'ada', { mood: 'old' });
    return client;
  }

  it.each<[string, (data: unknown) => unknown]>([
    ['an object', (data) => data],
    ['a string', (data) => JSON.stringify(data)],
  ])('takes %s, tells everybody on protocol 2, and later joiners see the new info', async (_, form) => {
    const [client, v1] = [await member(), realtime.client()];
    await v1.join('presence-x', 'bob');
    await client.answers();
    client.request('presence_update', form({ channel: 'presence-x', data: { mood: 'new' } }));
    expect(await client.answers()).toEqual([
      {
        event: 'sockudo_internal:presence_update',
        channel: 'presence-x',
        data: '{"user_id":"ada","user_info":{"mood":"new"}}',
      },
    ]);
    expect(await v1.answers()).toEqual([]);
    const [acknowledgement] = await realtime.client().join('presence-x', 'carl');
    expect(dataOf(acknowledgement).presence.hash.ada).toEqual({ mood: 'new' });
  });

  it.each<[string, unknown, number, string, number?]>([
    ['no data', undefined, 4000, 'presence_update data is required', 104_009],
    ['data that is no object', [1], 4000, 'presence_update data must be a JSON object', 104_009],
    ['no channel', { data: {} }, 4000, 'presence_update channel is required', 104_009],
    ['no info', { channel: 'presence-x' }, 4000, 'presence_update data field is required', 104_009],
    [
      'another kind of channel',
      { channel: 'x', data: {} },
      4000,
      'presence_update requires a presence channel',
      104_009,
    ],
    [
      'a channel it is not in',
      { channel: 'presence-y', data: {} },
      4000,
      'presence_update requires active membership',
      104_009,
    ],
    [
      'too much info',
      { channel: 'presence-x', data: 'x'.repeat(1023) },
      4000,
      'presence_update data exceeds 1024 bytes',
      40_009,
    ],
  ])('is refused with %s, with an ai_code (D9)', async (_, data, code, message, aiCode) => {
    const client = await member();
    client.request('presence_update', data);
    expect(await client.answers()).toMatchObject([{ data: { code, message, ai_code: aiCode } }]);
  });

  it('is refused on protocol 1', async () => {
    const client = realtime.client();
    await client.join('presence-x', 'ada');
    client.receive({ event: 'pusher:presence_update', data: { channel: 'presence-x', data: {} } });
    expect(await client.answers()).toMatchObject([
      { data: { code: 4000, message: 'presence_update requires protocol V2', ai_code: 104_009 } },
    ]);
  });

  it('is limited to ten in a second', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const client = await member();
      const send = () => client.request('presence_update', { channel: 'presence-x', data: 1 });
      for (let sent = 0; sent < 11; sent += 1) send();
      const frames: Frame[] = [];
      while (frames.length < 11) frames.push(...(await client.answers()));
      expect(frames.at(-1)).toMatchObject({
        data: { code: 4301, message: 'Client event rejected due to rate limit' },
      });
      expect(frames.filter(({ event }) => event === 'sockudo:error')).toHaveLength(1);
      vi.setSystemTime(Date.now() + 1000);
      send();
      expect(await client.answers()).toMatchObject([{ event: 'sockudo_internal:presence_update' }]);
    } finally {
      vi.useRealTimers();
    }
  });
});

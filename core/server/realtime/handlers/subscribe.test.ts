import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

const refused = (code: number, message: string): unknown[] => [
  expect.objectContaining({
    event: expect.stringMatching(/^(pusher|sockudo):error$/),
    data: { code, message },
  }),
];
const FORGED = refused(4009, 'Authentication error: Channel requires authentication');
const UNSIGNED = refused(4009, 'Authentication error: Authentication signature required for this channel');
const dataOf = (frame: Frame | undefined) => JSON.parse(String(frame?.data));
const isAcknowledged = (frames: readonly Frame[]): boolean =>
  frames.some(({ event }) => event.endsWith(':subscription_succeeded'));

describe('acknowledgements', () => {
  it('of protocol 1 carry no more than Pusher’s', async () => {
    expect(await realtime.client().subscribe('x')).toEqual([
      { event: 'pusher_internal:subscription_succeeded', channel: 'x', data: '{}' },
    ]);
  });

  it('of protocol 2 carry the position', async () => {
    const [frame] = await realtime.client({ protocol: 2 }).subscribe('x');
    expect(frame).toEqual({
      event: 'sockudo_internal:subscription_succeeded',
      channel: 'x',
      data: '{"attach_serial":0}',
      message_id: expect.any(String),
      stream_id: expect.any(String),
      serial: 0,
    });
  });

  it('of an app without history and recovery carry none', async () => {
    const plain = testRealtime({
      app: { policy: { history: { enabled: false }, connection_recovery: { enabled: false } } },
    });
    const [frame] = await plain.client({ protocol: 2 }).subscribe('x');
    expect(frame).toEqual({
      event: 'sockudo_internal:subscription_succeeded',
      channel: 'x',
      data: '{}',
      message_id: expect.any(String),
    });
    await plain.close();
  });

  it('come again for a subscribe that is repeated', async () => {
    const client = realtime.client();
    await client.subscribe('x');
    expect(await client.subscribe('x')).toHaveLength(1);
    expect(client.connection.subscriptions.size).toBe(1);
  });
});

describe('D10: names of the cache kind', () => {
  it.each(['private-cache-x', 'presence-cache-x', 'private-encrypted-cache-x'])(
    '%s is verified like any other',
    async (channel) => {
      const client = realtime.client();
      const channelData = channel.startsWith('presence-') ? { channel_data: '{"user_id":"u"}' } : {};
      expect(await client.subscribe(channel, { ...channelData, auth: 'anything' })).toEqual(FORGED);
      expect(await client.subscribe(channel, { ...channelData, auth: '' })).toEqual(UNSIGNED);
      expect(isAcknowledged(await client.subscribe(channel, channelData))).toBe(true);
    },
  );
});

describe('D11: names with cache- further inside', () => {
  it('are what their prefix says: no cached event, no cache_miss, client events allowed', async () => {
    const [sender, receiver] = [realtime.client(), realtime.client()];
    for (const client of [sender, receiver]) {
      const frames = await client.subscribe('private-mycache-x');
      expect(frames.map(({ event }) => event)).toEqual(['pusher_internal:subscription_succeeded']);
    }
    sender.receive({ event: 'client-hi', channel: 'private-mycache-x', data: 1 });
    expect(await receiver.answers()).toEqual([{ event: 'client-hi', channel: 'private-mycache-x', data: 1 }]);
  });
});

describe('D12: presence without channel_data', () => {
  it('joins as the signed-in user, signed over socket and channel', async () => {
    const client = realtime.client();
    await client.signIn('ada', { user_info: { name: 'Ada' } });
    const [frame] = await client.subscribe('presence-x');
    expect(dataOf(frame).presence).toEqual({ ids: ['ada'], hash: { ada: { name: 'Ada' } }, count: 1 });
  });

  it('is refused in words on a connection that is nobody’s, which stays', async () => {
    const client = realtime.client();
    expect(await client.subscribe('presence-x')).toEqual(
      refused(4000, 'Invalid message format: Missing channel_data for presence channel'),
    );
    expect(client.connection.isOpen).toBe(true);
  });

  it('needs a signature all the same', async () => {
    const client = realtime.client();
    await client.signIn('ada');
    expect(await client.subscribe('presence-x', { auth: 'key:forged' })).toEqual(FORGED);
  });

  it('does not take a signature over other data for its own', async () => {
    const client = realtime.client();
    await client.signIn('ada');
    const auth = client.sign('presence-x', '{"user_id":"eve"}');
    expect(await client.subscribe('presence-x', { auth })).toEqual(FORGED);
  });
});

describe('D13: presence-cache-', () => {
  it('is a real presence channel: members, their events, then the cached event or cache_miss', async () => {
    const [first, second] = [realtime.client(), realtime.client()];
    const acknowledged = await first.join('presence-cache-x', 'a');
    expect(acknowledged.map(({ event }) => event)).toEqual([
      'pusher_internal:subscription_succeeded',
      'pusher:cache_miss',
    ]);
    expect(dataOf(acknowledged[0]).presence.ids).toEqual(['a']);
    await realtime.context.publisher.publishEvent(realtime.app, {
      name: 'state',
      data: '"on"',
      payloadBytes: 2,
      channels: ['presence-cache-x'],
      info: null,
    });
    const frames = await second.join('presence-cache-x', 'b');
    expect(frames.slice(1)).toEqual([{ event: 'state', channel: 'presence-cache-x', data: 'on' }]);
    expect(dataOf(frames[0]).presence.count).toBe(2);
    expect((await first.answers()).map(({ event }) => event)).toEqual([
      'state',
      'pusher_internal:member_added',
    ]);
    second.disconnect({ cleanly: true });
    expect((await first.answers()).map(({ event }) => event)).toEqual(['pusher_internal:member_removed']);
    expect(await realtime.context.presence.members('app', 'presence-cache-x')).toHaveLength(1);
  });
});

describe('D14: meta channels', () => {
  const v2 = (): TestClient => realtime.client({ protocol: 2 });

  it('of public bases are open', async () => {
    expect(isAcknowledged(await v2().subscribe('[meta]x'))).toBe(true);
  });

  it.each(['private-x', 'presence-x', 'private-encrypted-x'])(
    'of %s are refused as the base would be',
    async (base) => {
      const client = v2();
      expect(await client.subscribe(`[meta]${base}`)).toEqual(UNSIGNED);
      expect(await client.subscribe(`[meta]${base}`, { auth: 'key:forged' })).toEqual(FORGED);
      expect(await client.subscribe(`[meta]${base}`, { auth: client.sign(`[meta]${base}`) })).toEqual(FORGED);
      expect(client.connection.subscriptions.size).toBe(0);
    },
  );

  it('open with a signature for the base', async () => {
    const client = v2();
    expect(
      isAcknowledged(await client.subscribe('[meta]private-x', { auth: client.sign('private-x') })),
    ).toBe(true);
    const channelData = '{"user_id":"u"}';
    const auth = client.sign('presence-x', channelData);
    const frames = await client.subscribe('[meta]presence-x', { auth, channel_data: channelData });
    expect(isAcknowledged(frames)).toBe(true);
    expect(await realtime.context.presence.members('app', 'presence-x')).toEqual([]);
  });

  it('open to a connection that is in the base', async () => {
    const client = v2();
    await client.subscribe('private-x');
    expect(isAcknowledged(await client.subscribe('[meta]private-x', { auth: '' }))).toBe(true);
  });

  it('keep the rules of the base: user limits and the users’ own channels', async () => {
    const client = v2();
    expect(await client.subscribe('[meta]#server-to-user-u')).toEqual(
      refused(
        4009,
        "Authentication error: Connection is not allowed to subscribe channel '#server-to-user-u'",
      ),
    );
    expect(await client.subscribe('[meta]')).toEqual(
      refused(4300, 'Channel error: Channel name must not be empty'),
    );
  });

  it('are not for protocol 1', async () => {
    expect(await realtime.client().subscribe('[meta]x')).toMatchObject([{ data: { code: 4300 } }]);
  });
});

describe('D16: wildcards', () => {
  it('cannot name private and presence channels', async () => {
    const client = realtime.client({ protocol: 2 });
    for (const pattern of ['private-*', 'presence-*', '*-*', '', 'a#*']) {
      expect(isAcknowledged(await client.subscribe(pattern, { auth: '' }))).toBe(false);
    }
  });

  it('are not for protocol 1', async () => {
    expect(await realtime.client().subscribe('x*')).toEqual(
      refused(4300, 'Channel error: Wildcard subscriptions are only supported on protocol V2'),
    );
  });
});

describe('D17: channels of users', () => {
  it.each([1, 2] as const)(
    'open to the user they are of, and to nobody else, on protocol %i',
    async (protocol) => {
      const client = realtime.client({ protocol });
      const channel = '#server-to-user-ada';
      const text = `Authentication error: Connection is not allowed to subscribe channel '${channel}'`;
      expect(await client.subscribe(channel, { auth: '' })).toEqual(refused(4009, text));
      await client.signIn('eve');
      expect(await client.subscribe(channel, { auth: '' })).toEqual(refused(4009, text));
      await client.signIn('ada');
      expect(isAcknowledged(await client.subscribe(channel, { auth: '' }))).toBe(true);
    },
  );
});

describe('D20 and D21: names', () => {
  it('may have colons where the app has no namespaces', async () => {
    const client = realtime.client();
    for (const channel of ['market:btc', 'private-market:btc', 'a:b:c', ':']) {
      expect(isAcknowledged(await client.subscribe(channel))).toBe(true);
    }
  });

  it('need a namespace where it has one', async () => {
    const own = testRealtime({ app: { channel_namespaces: [{ name: 'chat' }] } });
    const client = own.client();
    expect(isAcknowledged(await client.subscribe('chat:1'))).toBe(true);
    expect(await client.subscribe('market:btc')).toEqual(
      refused(4300, "Channel error: Unknown channel namespace 'market'"),
    );
    await own.close();
  });

  it('must not be empty', async () => {
    expect(await realtime.client().subscribe('')).toEqual(
      refused(4300, 'Channel error: Channel name must not be empty'),
    );
  });
});

describe('presence members', () => {
  it.each([
    ['no JSON', '{', 4000, 'Invalid message format: Invalid channel_data JSON for presence'],
    ['no user_id', '{}', 4300, 'Channel error: Missing user_id in channel_data'],
    ['a user_id that is a number', '{"user_id":7}', 4300, 'Channel error: Missing user_id in channel_data'],
  ])('with %s are refused', async (_, channelData, code, message) => {
    const client = realtime.client();
    expect(await client.subscribe('presence-x', { channel_data: channelData })).toEqual(
      refused(code, message),
    );
  });

  it('that are too large are refused', async () => {
    const own = testRealtime({ app: { max_presence_member_size_in_kb: 1 } });
    const client = own.client();
    expect(isAcknowledged(await client.join('presence-x', 'a', 'x'.repeat(2000)))).toBe(true);
    expect(await client.join('presence-y', 'a', 'x'.repeat(2100))).toEqual(
      refused(4300, 'Channel error: Presence member data size (2KB) exceeds limit (1KB)'),
    );
    await own.close();
  });
});

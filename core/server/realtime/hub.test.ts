import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../ports/message.ts';
import type { TestClient } from './testing/test-client.ts';
import { type TestRealtime, testRealtime } from './testing/test-realtime.ts';

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime();
});
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

function message(channel: string, more: Partial<Message> = {}): Message {
  return { channel, event: 'tick', data: '"x"', publishedAtMs: 1, ...more };
}

function deliver(channel: string, more: Partial<Message> = {}, exceptSocketId?: string): number {
  return realtime.context.hub.deliver({
    key: { appId: 'app', channel },
    message: message(channel, more),
    ...(exceptSocketId !== undefined && { exceptSocketId }),
  });
}

/** A client that has subscribed and read its acknowledgement. */
async function subscriber(channel: string, protocol: 1 | 2 = 1, options = {}): Promise<TestClient> {
  const client = realtime.client({ protocol });
  await client.subscribe(channel, options);
  return client;
}

describe('delivery', () => {
  it('reaches every subscriber of the channel and nobody else', async () => {
    const [a, b, c] = [await subscriber('x'), await subscriber('x'), await subscriber('y')];
    expect(deliver('x')).toBe(2);
    const frame = { event: 'tick', channel: 'x', data: 'x' };
    expect([await a.answers(), await b.answers(), await c.answers()]).toEqual([[frame], [frame], []]);
  });

  it('leaves out the socket it is told to', async () => {
    const [a, b] = [await subscriber('x'), await subscriber('x')];
    expect(deliver('x', {}, a.socketId)).toBe(1);
    expect(await a.answers()).toEqual([]);
    expect(await b.answers()).toHaveLength(1);
  });

  it('writes one and the same buffer to all connections of a class', async () => {
    const clients = [await subscriber('x'), await subscriber('x'), await subscriber('x', 2)];
    deliver('x');
    for (const client of clients) await client.answers();
    const [first, second, other] = clients.map(({ socket }) => socket.writes.at(-1));
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  it('shows each protocol what is its own', async () => {
    const [v1, v2] = [await subscriber('x', 1), await subscriber('x', 2)];
    deliver('x', {
      event: 'pusher:anything',
      messageId: 'm',
      position: { streamId: 's', serial: 7 },
      extras: { headers: { a: 4 } },
      userId: 'u',
    });
    expect(await v1.answers()).toEqual([{ event: 'pusher:anything', channel: 'x', data: 'x', user_id: 'u' }]);
    expect(await v2.answers()).toEqual([
      {
        event: 'sockudo:anything',
        channel: 'x',
        data: 'x',
        user_id: 'u',
        message_id: 'm',
        stream_id: 's',
        serial: 7,
        extras: { headers: { a: 4 } },
      },
    ]);
  });

  it('keeps from protocol 1 what is only for protocol 2', async () => {
    const [v1, v2] = [await subscriber('x', 1), await subscriber('x', 2)];
    expect(deliver('x', { protocol2Only: true })).toBe(1);
    expect(await v1.answers()).toEqual([]);
    expect(await v2.answers()).toHaveLength(1);
  });

  it('of an app that is not here, or of a channel without subscribers, reaches nobody', () => {
    const { hub } = realtime.context;
    expect(hub.deliver({ key: { appId: 'other', channel: 'x' }, message: message('x') })).toBe(0);
    expect(deliver('empty')).toBe(0);
  });
});

describe('filters', () => {
  it('hide events by name on protocol 2 and count them', async () => {
    const client = await subscriber('x', 2, { filter: { events: ['tick'] } });
    deliver('x', { event: 'tock' });
    deliver('x', { event: 'tick' });
    expect((await client.answers()).map(({ event }) => event)).toEqual(['tick']);
    expect(client.connection.counters.eventFilterSuppressed).toBe(1);
  });

  it('have no effect on protocol 1', async () => {
    const client = await subscriber('x', 1, { filter: { events: ['tick'] } });
    deliver('x', { event: 'tock' });
    expect(await client.answers()).toHaveLength(1);
  });

  it('D26: never hide members that come, go or change', async () => {
    const client = realtime.client({ protocol: 2 });
    await client.subscribe('presence-x', {
      channel_data: '{"user_id":"a"}',
      filter: { events: ['nothing-else'] },
    });
    const other = realtime.client({ protocol: 2 });
    await other.join('presence-x', 'b');
    other.request('presence_update', { channel: 'presence-x', data: { mood: 'good' } });
    await other.answers();
    other.disconnect({ cleanly: true });
    expect((await client.answers()).map(({ event }) => event)).toEqual([
      'sockudo_internal:member_added',
      'sockudo_internal:presence_update',
      'sockudo_internal:member_removed',
    ]);
  });

  it('D39: look at tags and data of live messages by default', async () => {
    const tags = await subscriber('x', 2, { filter: { tags: { key: 'region', cmp: 'eq', val: 'eu' } } });
    const expression = await subscriber('x', 2, { filter: { expression: "contains(data, '7')" } });
    deliver('x', { tags: { region: 'us' }, data: '"{\\"price\\":7}"' });
    deliver('x', { tags: { region: 'eu' }, data: '"{\\"price\\":3}"' });
    expect((await tags.answers()).map(({ data }) => data)).toEqual(['{"price":3}']);
    expect((await expression.answers()).map(({ data }) => data)).toEqual(['{"price":7}']);
  });
});

describe('wildcards', () => {
  it('get one copy, with the real channel, however many subscriptions match', async () => {
    const client = await subscriber('prices.eur', 2);
    await client.subscribe('prices.*');
    await client.subscribe('*.eur');
    expect(deliver('prices.eur')).toBe(1);
    const [frame, ...more] = await client.answers();
    expect(frame).toMatchObject({ channel: 'prices.eur' });
    expect(more).toEqual([]);
  });

  it('let a message through when any matching subscription does', async () => {
    const client = await subscriber('prices.eur', 2, { filter: { events: ['nothing-else'] } });
    await client.subscribe('prices.*');
    deliver('prices.eur');
    expect(await client.answers()).toHaveLength(1);
  });

  it.each(['private-x', 'presence-x', 'private-encrypted-x', '[meta]x', '#server-to-user-x', 'x#u1'])(
    'D16: never match %s',
    async (channel) => {
      const client = await subscriber('*', 2);
      expect(deliver(channel)).toBe(0);
      expect(await client.answers()).toEqual([]);
    },
  );
});

describe('events of a user', () => {
  it('reach protocol 1 connections of the user unasked, and protocol 2 ones that subscribed, once each', async () => {
    const [v1, subscribed1, v2, subscribed2, stranger] = [
      realtime.client(),
      realtime.client(),
      realtime.client({ protocol: 2 }),
      realtime.client({ protocol: 2 }),
      realtime.client(),
    ];
    for (const client of [v1, subscribed1, v2, subscribed2]) await client.signIn('u');
    await stranger.signIn('other');
    for (const client of [subscribed1, subscribed2]) await client.subscribe('#server-to-user-u');
    expect(deliver('#server-to-user-u')).toBe(3);
    const counts = [];
    for (const client of [v1, subscribed1, v2, subscribed2, stranger]) {
      counts.push((await client.answers()).filter(({ event }) => event === 'tick').length);
    }
    expect(counts).toEqual([1, 1, 0, 1, 0]);
  });

  it('stop when the user is somebody else or gone', async () => {
    const client = realtime.client();
    await client.signIn('u');
    await client.signIn('v');
    expect(deliver('#server-to-user-u')).toBe(0);
    expect(deliver('#server-to-user-v')).toBe(1);
    client.disconnect();
    expect(deliver('#server-to-user-v')).toBe(0);
  });
});

describe('what is left', () => {
  it('when everybody has gone is nothing', async () => {
    const hub = realtime.context.hub.app('app');
    const clients = [realtime.client(), realtime.client({ protocol: 2 })];
    for (const client of clients) {
      await client.subscribe('x');
      await client.join('presence-x', 'u');
      await client.signIn('u', { watchlist: ['w'] });
    }
    await clients[1]?.subscribe('x*');
    for (const client of clients) client.disconnect({ cleanly: true });
    await clients[0]?.answers();
    expect([hub.connections.size, hub.channels.size, hub.patterns.size, hub.users.size]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(realtime.context.hub.connectionCount).toBe(0);
    expect(hub.counters.connected).toBe(0);
    expect(await realtime.context.occupancy.list('app', '')).toEqual(new Map());
    expect(await realtime.context.presence.members('app', 'presence-x')).toEqual([]);
  });
});

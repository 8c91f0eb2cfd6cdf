import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import type { AuthErrorEvent } from './errors.ts';
import type { ChannelAuthorizationData } from './options.ts';
import type { PresenceChannel } from './presence-channel.ts';
import { Sockudo } from './sockudo.ts';
import { connectedClient } from './testing/connected-client.ts';
import { FakeRuntime, settled } from './testing/fake-runtime.ts';

describe('public channels', () => {
  it('subscribe at once, are acknowledged and deliver', () => {
    const { client, subscribes, acknowledge, socket } = connectedClient();
    const channel = client.subscribe('room-1');
    expect(subscribes()).toEqual([{ auth: '', channel: 'room-1' }]);
    expect(channel).toMatchObject({ subscribed: false, subscriptionPending: true });
    const events: unknown[] = [];
    channel.bind('pusher:subscription_succeeded', (data) => events.push(['ok', data]));
    channel.bind('tick', (data) => events.push(['tick', data]));
    acknowledge('room-1');
    expect(channel).toMatchObject({ subscribed: true, subscriptionPending: false });
    socket().receive({ event: 'tick', channel: 'room-1', data: '{"px":1}' });
    socket().receive({ event: 'tick', channel: 'room-2', data: '{"px":2}' });
    expect(events).toEqual([
      ['ok', {}],
      ['tick', { px: 1 }],
    ]);
  });

  it('subscribe when the connection is there, and again after each reconnect', () => {
    const { client, acknowledge, reconnect, subscribes, runtime } = connectedClient();
    runtime.socket.drop(1006);
    const channel = client.subscribe('room-1');
    expect(channel.subscriptionPending).toBe(false);
    runtime.advance(1000);
    runtime.socket.establish();
    expect(subscribes()).toHaveLength(1);
    acknowledge('room-1');
    reconnect();
    expect(channel.subscribed).toBe(false);
    expect(subscribes()).toHaveLength(1);
    acknowledge('room-1');
    expect(channel.subscribed).toBe(true);
  });

  it('are no longer subscribed when handlers hear of the loss', () => {
    const { client, acknowledge, runtime } = connectedClient();
    const channel = client.subscribe('room-1');
    acknowledge('room-1');
    let seen: boolean | undefined;
    client.connection.bind('connecting', () => {
      seen = channel.subscribed;
    });
    runtime.socket.drop(1006);
    expect(seen).toBe(false);
  });

  it('give the same object for the same name, and forget it after unsubscribe', () => {
    const { client, acknowledge, socket } = connectedClient();
    const channel = client.subscribe('room-1');
    expect(client.subscribe('room-1')).toBe(channel);
    expect(client.channel('room-1')).toBe(channel);
    expect(client.allChannels()).toEqual([channel]);
    acknowledge('room-1');
    client.unsubscribe('room-1');
    expect(socket().sentData('pusher:unsubscribe')).toEqual([{ channel: 'room-1' }]);
    expect(channel.subscribed).toBe(false);
    expect(client.channel('room-1')).toBeUndefined();
    client.unsubscribe('room-1');
    expect(socket().sentData('pusher:unsubscribe')).toHaveLength(1);
  });

  it('cancel a subscribe under way, and take the cancellation back', () => {
    const { client, acknowledge, socket, subscribes } = connectedClient();
    const channel = client.subscribe('room-1');
    const succeeded = vi.fn();
    channel.bind('pusher:subscription_succeeded', succeeded);
    client.unsubscribe('room-1');
    expect(channel.subscriptionCancelled).toBe(true);
    client.subscribe('room-1');
    expect(channel.subscriptionCancelled).toBe(false);
    client.unsubscribe('room-1');
    acknowledge('room-1');
    expect(succeeded).not.toHaveBeenCalled();
    expect(socket().sentData('pusher:unsubscribe')).toEqual([{ channel: 'room-1' }]);
    expect(client.channel('room-1')).toBeUndefined();
    expect(subscribes()).toHaveLength(1);
  });

  it('stay unsubscribed when the connection goes before the acknowledgement', () => {
    const { client, reconnect, subscribes } = connectedClient();
    client.subscribe('room-1');
    client.unsubscribe('room-1');
    reconnect();
    expect(subscribes()).toEqual([]);
    expect(client.allChannels()).toEqual([]);
  });

  it('keep subscription counts', () => {
    const { client, acknowledge, internal } = connectedClient();
    const channel = client.subscribe('room-1');
    acknowledge('room-1');
    const counts: unknown[] = [];
    channel.bind('pusher:subscription_count', (data) => counts.push(data));
    internal('subscription_count', 'room-1', { subscription_count: 3 });
    expect(channel.subscriptionCount).toBe(3);
    expect(counts).toEqual([{ subscription_count: 3 }]);
  });

  it('report a refusal that names them', () => {
    const { client, socket } = connectedClient();
    const channel = client.subscribe('room-1');
    const errors: AuthErrorEvent[] = [];
    channel.bind('pusher:subscription_error', (error) => errors.push(error));
    socket().receive({ event: 'pusher:error', channel: 'room-1', data: { code: 4009, message: 'no' } });
    expect(errors).toEqual([{ type: 'PusherError', error: 'no', status: 4009 }]);
    expect(channel.subscriptionPending).toBe(false);
  });

  it('deliver a cache miss', () => {
    const { client, acknowledge, socket } = connectedClient();
    const missed = vi.fn();
    client.subscribe('cache-ticker').bind('pusher:cache_miss', missed);
    acknowledge('cache-ticker');
    socket().receive({ event: 'pusher:cache_miss', channel: 'cache-ticker', data: '{}' });
    expect(missed).toHaveBeenCalledOnce();
  });

  it('refuse names that begin with #', () => {
    const { client } = connectedClient();
    expect(() => client.subscribe('#server-to-user-1')).toThrow('Cannot create a channel');
  });

  it('send no options on protocol 7', () => {
    const { client, subscribes } = connectedClient();
    client.subscribe('room-1', { rewind: 5, filter: { events: ['a'] } });
    expect(subscribes()).toEqual([{ auth: '', channel: 'room-1' }]);
  });
});

describe('client events', () => {
  it('go out with channel, and need the prefix', () => {
    const { client, acknowledge, socket } = connectedClient({
      channelAuthorization: { customHandler: async () => ({ auth: 'k:s' }) },
    });
    const channel = client.subscribe('private-desk');
    acknowledge('private-desk');
    expect(channel.trigger('client-cursor', { x: 1 })).toBe(true);
    expect(socket().sent.at(-1)).toEqual({ event: 'client-cursor', data: { x: 1 }, channel: 'private-desk' });
    expect(() => channel.trigger('cursor', {})).toThrow("does not start with 'client-'");
  });
});

describe('private channels', () => {
  /** Authorisations the test answers itself, in any order. */
  function manual() {
    const asked: {
      socketId: string;
      channelName: string;
      answer: (error: Error | null, data: ChannelAuthorizationData | null) => void;
    }[] = [];
    const setup = connectedClient({
      channelAuthorization: { customHandler: (params, answer) => void asked.push({ ...params, answer }) },
    });
    return { ...setup, asked };
  }

  it('subscribe with what the backend signed', async () => {
    const { client, asked, subscribes } = manual();
    client.subscribe('private-desk');
    expect(subscribes()).toEqual([]);
    expect(asked).toMatchObject([{ socketId: '1.1', channelName: 'private-desk' }]);
    asked[0]?.answer(null, { auth: 'k:1' });
    await settled();
    expect(subscribes()).toEqual([{ auth: 'k:1', channel: 'private-desk' }]);
  });

  it('report a failed authorisation and are free for another try', async () => {
    const { client, asked } = manual();
    const channel = client.subscribe('private-desk');
    const errors: AuthErrorEvent[] = [];
    channel.bind('pusher:subscription_error', (error) => errors.push(error));
    asked[0]?.answer(new Error('nope'), null);
    await settled();
    expect(errors).toEqual([{ type: 'AuthError', error: 'nope' }]);
    expect(channel.subscriptionPending).toBe(false);
    client.subscribe('private-desk');
    expect(asked).toHaveLength(2);
  });

  it('drop an answer that belongs to an earlier connection', async () => {
    const { client, asked, reconnect, subscribes } = manual();
    client.subscribe('private-desk');
    reconnect();
    expect(asked.map(({ socketId }) => socketId)).toEqual(['1.1', '1.2']);
    asked[0]?.answer(null, { auth: 'k:old' });
    await settled();
    expect(subscribes()).toEqual([]);
    asked[1]?.answer(null, { auth: 'k:new' });
    await settled();
    expect(subscribes()).toEqual([{ auth: 'k:new', channel: 'private-desk' }]);
  });

  it('drop an answer that belongs to an earlier subscribe', async () => {
    const { client, asked, subscribes } = manual();
    client.subscribe('private-desk');
    client.unsubscribe('private-desk');
    expect(client.channel('private-desk')).toBeUndefined();
    const again = client.subscribe('private-desk');
    const failed = vi.fn();
    again.bind('pusher:subscription_error', failed);
    asked[0]?.answer(new Error('late'), null);
    asked[1]?.answer(null, { auth: 'k:2' });
    await settled();
    expect(failed).not.toHaveBeenCalled();
    expect(subscribes()).toEqual([{ auth: 'k:2', channel: 'private-desk' }]);
  });

  it('authorise meta channels by their base', async () => {
    const { client, asked } = manual();
    client.subscribe('[meta]private-desk');
    client.subscribe('[meta]room-1');
    expect(asked.map(({ channelName }) => channelName)).toEqual(['private-desk']);
  });
});

describe('protocol 2', () => {
  it('serves handlers under either prefix', () => {
    const { client, acknowledge, socket } = connectedClient({ protocolVersion: 2 });
    const calls: string[] = [];
    const channel = client.subscribe('room-1');
    channel.bind('pusher:subscription_succeeded', () => calls.push('pusher'));
    channel.bind('sockudo:subscription_succeeded', () => calls.push('sockudo'));
    channel.bind_global((event) => calls.push(event));
    client.bind('pusher:error', () => calls.push('error'));
    acknowledge('room-1', { attach_serial: 41 });
    socket().receive({ event: 'sockudo:error', data: { code: 1, message: '' } });
    expect(calls).toEqual(['sockudo:subscription_succeeded', 'pusher', 'sockudo', 'error']);
    expect(channel.attachSerial).toBe(41);
  });

  it('keeps pusher: names on protocol 7', () => {
    const { client, acknowledge } = connectedClient();
    const [own, foreign] = [vi.fn(), vi.fn()];
    client
      .subscribe('a')
      .bind('pusher:subscription_succeeded', own)
      .bind('sockudo:subscription_succeeded', foreign);
    acknowledge('a');
    expect([own.mock.calls.length, foreign.mock.calls.length]).toEqual([1, 0]);
  });

  it('hands metadata to handlers', () => {
    const { client, acknowledge, socket } = connectedClient({ protocolVersion: 2 });
    let seen: unknown;
    client.subscribe('room-1').bind('tick', (_data, metadata) => {
      seen = metadata;
    });
    acknowledge('room-1');
    socket().receive({
      event: 'tick',
      channel: 'room-1',
      data: '1',
      message_id: 'm',
      stream_id: 's',
      serial: 7,
    });
    expect(seen).toEqual({ channel: 'room-1', message_id: 'm', stream_id: 's', serial: 7 });
  });

  it('delivers every version of a message, with its text untouched', () => {
    const { client, acknowledge, socket } = connectedClient({ protocolVersion: 2 });
    const texts: unknown[] = [];
    const channel = client.subscribe('room-1');
    acknowledge('room-1');
    channel.bind('sockudo:message.append', (data) => texts.push(data));
    for (const version of ['v1', 'v2', 'v2']) {
      socket().receive({
        event: 'sockudo:message.append',
        channel: 'room-1',
        data: '5',
        name: 'chat',
        message_id: 'm1',
        extras: { headers: { sockudo_version_serial: version } },
      });
    }
    expect(texts).toEqual(['5', '5']);
  });

  it('names annotation frames by their action', () => {
    const { client, acknowledge, socket } = connectedClient({ protocolVersion: 2 });
    const events: string[] = [];
    const channel = client.subscribe('room-1');
    acknowledge('room-1');
    for (const name of ['message.summary', 'annotation.create', 'annotation.delete']) {
      channel.bind(name, () => events.push(name));
    }
    const send = (event: string, action: string) =>
      socket().receive({ event, channel: 'room-1', data: { action } });
    send('sockudo_internal:message', 'message.summary');
    send('sockudo_internal:annotation', 'annotation.create');
    send('sockudo_internal:annotation', 'annotation.delete');
    expect(events).toEqual(['message.summary', 'annotation.create', 'annotation.delete']);
  });

  it('sends the options, without nulls', () => {
    const { client, subscribes } = connectedClient({ protocolVersion: 2 });
    client.subscribe('a', {
      // CAST: what JavaScript callers may pass.
      filter: { events: ['x'], tags: null, expression: "tags.vip == 'yes'" } as never,
      tagsFilter: { key: 'k', cmp: 'ex' },
      delta: false,
      rewind: { count: 25 },
      modes: ['ANNOTATION_SUBSCRIBE'],
    });
    client.subscribe('b', { tagsFilter: { key: 'k', cmp: 'ex' }, delta: 'fossil' });
    client.subscribe('c', { key: 'k', cmp: 'eq', val: '1' });
    expect(subscribes()).toEqual([
      {
        auth: '',
        channel: 'a',
        filter: { events: ['x'], expression: "tags.vip == 'yes'" },
        delta: false,
        rewind: { count: 25 },
        modes: ['ANNOTATION_SUBSCRIBE'],
      },
      { auth: '', channel: 'b', tags_filter: { key: 'k', cmp: 'ex' }, delta: 'fossil' },
      { auth: '', channel: 'c', tags_filter: { key: 'k', cmp: 'eq', val: '1' } },
    ]);
  });

  it('subscribes again when options change, also while the first is under way', () => {
    const { client, acknowledge, subscribes } = connectedClient({ protocolVersion: 2 });
    client.subscribe('a', { rewind: 1 });
    client.subscribe('a', { rewind: 1 });
    client.subscribe('a', { rewind: 2 });
    expect(subscribes()).toHaveLength(1);
    acknowledge('a');
    expect(subscribes()).toMatchObject([{ rewind: 1 }, { rewind: 2 }]);
    acknowledge('a');
    client.subscribe('a', { rewind: 3 });
    expect(subscribes()).toMatchObject([{ rewind: 1 }, { rewind: 2 }, { rewind: 3 }]);
    acknowledge('a');
    client.subscribe('a');
    expect(subscribes()).toHaveLength(3);
  });
});

describe('patterns (D87)', () => {
  it('receive the frames of matching channels, with the real name', () => {
    const { client, acknowledge, socket } = connectedClient({ protocolVersion: 2 });
    const seen: unknown[] = [];
    client.subscribe('prices.*').bind('tick', (data, { channel }) => seen.push([channel, data]));
    acknowledge('prices.*');
    socket().receive({ event: 'tick', channel: 'prices.eur', data: '1' });
    socket().receive({ event: 'tick', channel: 'rates.eur', data: '2' });
    expect(seen).toEqual([['prices.eur', 1]]);
  });

  it('share a frame with the channel itself, but not its acknowledgement', () => {
    const { client, acknowledge, socket } = connectedClient({ protocolVersion: 2 });
    const events: string[] = [];
    client.subscribe('prices.*').bind_global((event) => events.push(`pattern ${event}`));
    client.subscribe('prices.eur').bind_global((event) => events.push(`channel ${event}`));
    acknowledge('prices.eur');
    socket().receive({ event: 'tick', channel: 'prices.eur', data: '1' });
    expect(events).toEqual(['channel sockudo:subscription_succeeded', 'channel tick', 'pattern tick']);
  });

  it('get protected channels only when nobody subscribed those by name', () => {
    const { client, socket } = connectedClient({
      protocolVersion: 2,
      channelAuthorization: { customHandler: async () => ({ auth: 'k:s' }) },
    });
    const seen: string[] = [];
    client.subscribe('*').bind('e', (_data, { channel }) => seen.push(String(channel)));
    client.subscribe('private-a');
    socket().receive({ event: 'e', channel: 'private-a', data: '1' });
    socket().receive({ event: 'e', channel: 'private-b', data: '1' });
    expect(seen).toEqual(['private-b']);
  });
});

describe('deduplication', () => {
  const tick = { event: 'tick', channel: 'a', data: '1', message_id: 'm1' };

  it('drops a message seen before, unless switched off', () => {
    for (const [messageDeduplication, times] of [
      [true, 1],
      [false, 2],
    ] as const) {
      const { client, socket } = connectedClient({ protocolVersion: 2, messageDeduplication });
      const handler = vi.fn();
      client.subscribe('a').bind('tick', handler);
      socket().receive(tick);
      socket().receive(tick);
      expect(handler).toHaveBeenCalledTimes(times);
    }
  });

  it('does not let acknowledgements push messages out of memory', () => {
    const { client, acknowledge, socket } = connectedClient({
      protocolVersion: 2,
      messageDeduplicationCapacity: 2,
    });
    const handler = vi.fn();
    client.subscribe('a').bind('tick', handler);
    socket().receive(tick);
    for (let i = 0; i < 5; i++) acknowledge('a', {}, { message_id: `ack-${i}` });
    socket().receive(tick);
    expect(handler).toHaveBeenCalledTimes(1);
  });
});

describe('types', () => {
  it('declared on the client reach its channels', () => {
    const runtime = new FakeRuntime();
    const client = new Sockudo<{ price: { value: number } }>(
      'key',
      { wsHost: 'h', forceTLS: false },
      runtime,
    );
    const values: number[] = [];
    client.subscribe('market').bind('price', ({ value }) => values.push(value));
    client.bind('price', (data) => expectTypeOf(data).toEqualTypeOf<{ value: number }>());
    // @ts-expect-error a price is not a string
    client.subscribe('market').bind('price', (data: string) => data);
    runtime.socket.establish();
    runtime.socket.receive({ event: 'price', channel: 'market', data: '{"value":7}' });
    expect(values).toEqual([7]);
  });

  it('follow the name, the client and the call', () => {
    const { client } = connectedClient({ channelAuthorization: { customHandler: () => {} } });
    const presence = client.subscribe<{ chat: { text: string } }, { name: string }>('presence-room');
    expectTypeOf(presence).toExtend<PresenceChannel<{ chat: { text: string } }, { name: string }>>();
    presence.bind('chat', (data) => expectTypeOf(data).toEqualTypeOf<{ text: string }>());
    presence.bind('pusher:member_added', (member) => expectTypeOf(member.info.name).toEqualTypeOf<string>());
    presence.bind('pusher:subscription_succeeded', (members) =>
      expectTypeOf(members.count).toEqualTypeOf<number>(),
    );
    client.subscribe('a').bind('sockudo:subscription_error', ({ status }) => {
      expectTypeOf(status).toEqualTypeOf<number | undefined>();
    });
  });
});

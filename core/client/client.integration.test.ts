/** This client against our own server, with the backend SDK as the application's backend. Both protocols. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Sockudo, type SockudoOptions } from './index.ts';
import { defaultRuntime } from './runtime.ts';
import { type RealServer, startRealServer } from './testing/real-server.ts';

let server: RealServer;
beforeAll(async () => {
  server = await startRealServer();
});
afterAll(() => server.close());

const clients: Sockudo[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});

interface Identity {
  readonly id: string;
  readonly watchlist?: readonly string[];
}

/** A client whose backend signs everything for this user. */
function connect(
  options: Partial<SockudoOptions> = {},
  user: Identity = { id: 'ada' },
  target: RealServer = server,
): Sockudo {
  const client = new Sockudo(
    target.key,
    {
      wsHost: '127.0.0.1',
      wsPort: target.port,
      forceTLS: false,
      channelAuthorization: {
        customHandler: async ({ socketId, channelName }) =>
          target.backend.authorizeChannel(
            socketId,
            channelName,
            channelName.startsWith('presence-')
              ? { user_id: user.id, user_info: { name: user.id } }
              : undefined,
          ),
      },
      userAuthentication: {
        customHandler: async ({ socketId }) => target.backend.authenticateUser(socketId, { ...user }),
      },
      ...options,
    },
    { ...defaultRuntime, random: () => 0 },
  );
  clients.push(client);
  return client;
}

interface Bindable {
  bind(event: string, handler: (data: unknown) => void): unknown;
}

/** Data of the next such event. */
const next = (target: Bindable, event: string): Promise<unknown> =>
  new Promise((resolve) => target.bind(event, resolve));

/** Subscribes and waits for the acknowledgement; an error fails at once. */
async function subscribed<C extends Bindable>(channel: C): Promise<C> {
  await Promise.race([
    next(channel, 'pusher:subscription_succeeded'),
    next(channel, 'pusher:subscription_error').then((error) =>
      Promise.reject(new Error(JSON.stringify(error))),
    ),
  ]);
  return channel;
}

let names = 0;
/** Channels nobody else uses. */
const fresh = (prefix = '') => `${prefix}room-${++names}`;

describe.each([7, 2] as const)('protocol %i', (protocolVersion) => {
  const options = { protocolVersion };

  it('public feed', async () => {
    const name = fresh();
    const channel = await subscribed(connect(options).subscribe(name));
    const tick = next(channel, 'tick');
    await server.backend.trigger(name, 'tick', { px: 1 });
    expect(await tick).toEqual({ px: 1 });
  });

  it('private channel and client events, not to the sender', async () => {
    const name = fresh('private-') as `private-${string}`;
    const [ann, bob] = [connect({ ...options, echoMessages: false }), connect(options)];
    const mine = await subscribed(ann.subscribe(name));
    const theirs = await subscribed(bob.subscribe(name));
    const echoes: unknown[] = [];
    mine.bind('client-move', (data) => echoes.push(data));
    const moved = next(theirs, 'client-move');
    mine.trigger('client-move', { x: 1 });
    expect(await moved).toEqual({ x: 1 });
    const answered = next(mine, 'client-answer');
    theirs.trigger('client-answer', null);
    await answered;
    expect(echoes).toEqual([]);
  });

  it('private channel with a forged signature', async () => {
    const client = connect({
      ...options,
      channelAuthorization: { customHandler: async () => ({ auth: 'app-key:forged' }) },
    });
    const error = next(client.connection, 'error');
    client.subscribe('private-x');
    expect(await error).toMatchObject({ type: 'PusherError', data: { code: 4009 } });
  });

  it('presence room', async () => {
    const name = fresh('presence-') as `presence-${string}`;
    const room = await subscribed(connect(options, { id: 'ann' }).subscribe<object, { name: string }>(name));
    expect(room.members.me).toEqual({ id: 'ann', info: { name: 'ann' } });
    const added = next(room, 'pusher:member_added');
    const bob = connect(options, { id: 'bob' });
    const theirs = await subscribed(bob.subscribe(name));
    expect(await added).toEqual({ id: 'bob', info: { name: 'bob' } });
    expect(theirs.members.count).toBe(2);
    const waved = new Promise((resolve) =>
      room.bind('client-wave', (_data, { user_id }) => resolve(user_id)),
    );
    theirs.trigger('client-wave', {});
    expect(await waved).toBe('bob');
    const removed = next(room, 'pusher:member_removed');
    bob.unsubscribe(name);
    expect(await removed).toEqual({ id: 'bob', info: { name: 'bob' } });
    expect(room.members.count).toBe(1);
  });

  it('presence-cache room has members and a cached event', async () => {
    const name = fresh('presence-cache-') as `presence-${string}`;
    const first = connect(options).subscribe(name);
    const missed = next(first, 'pusher:cache_miss');
    await subscribed(first);
    await missed;
    expect(first.members.count).toBe(1);
    await server.backend.trigger(name, 'state', { on: true });
    const second = connect(options, { id: 'bob' }).subscribe(name);
    expect(await next(second, 'state')).toEqual({ on: true });
    expect(second.members.count).toBe(2);
  });

  it('encrypted channel', async () => {
    const name = fresh('private-encrypted-') as `private-encrypted-${string}`;
    const channel = await subscribed(connect(options).subscribe(name));
    const secret = next(channel, 'secret');
    await server.backend.trigger(name, 'secret', { pin: 'ü' });
    expect(await secret).toEqual({ pin: 'ü' });
  });

  it('signed-in user: messages, watchlist, presence without channel_data', async () => {
    const id = fresh('user-');
    const watched = fresh('user-');
    const client = connect(
      {
        ...options,
        channelAuthorization: {
          customHandler: async ({ socketId }) => ({
            auth: server.backend.authorizeChannel(socketId, `private-${id}`).auth,
          }),
        },
      },
      { id, watchlist: [watched] },
    );
    const offline = next(client.user.watchlist, 'offline');
    client.signin();
    expect(await offline).toEqual({ name: 'offline', user_ids: [watched] });
    const online = next(client.user.watchlist, 'online');
    connect(options, { id: watched }).signin();
    expect(await online).toEqual({ name: 'online', user_ids: [watched] });
    // The personal channel is subscribed by a frame sent before this one, so its acknowledgement comes first.
    await subscribed(client.subscribe(fresh()));
    const invoice = next(client.user, 'invoice');
    await server.backend.sendToUser(id, 'invoice', { no: 5 });
    expect(await invoice).toEqual({ no: 5 });
    const disconnected = next(client.connection, 'disconnected');
    await server.backend.terminateUserConnections(id);
    await disconnected;
  });

  it('a sign-in the server refuses', async () => {
    const client = connect({
      ...options,
      userAuthentication: {
        customHandler: async () => ({ auth: 'app-key:forged', user_data: '{"id":"x"}' }),
      },
    });
    const error = next(client.user, 'pusher:signin_error');
    client.signin();
    expect(await error).toMatchObject({ type: 'PusherError', status: 4009 });
  });

  it('an unknown key stops it', async () => {
    const client = connect(options, { id: 'ada' }, { ...server, key: 'unknown' });
    const error = next(client.connection, 'error');
    await next(client.connection, 'disconnected');
    expect(await error).toMatchObject({ data: { code: 4001 } });
  });

  it('force reconnect brings it back with everything', async () => {
    const id = fresh('user-');
    const name = fresh();
    const client = connect(options, { id });
    const channel = await subscribed(client.subscribe(name));
    const signedIn = next(client, 'pusher:signin_success');
    client.signin();
    await signedIn;
    const before = client.connection.socket_id;
    const again = next(channel, 'pusher:subscription_succeeded');
    await server.backend.forceReconnectUser(id);
    await again;
    expect(client.connection.socket_id).not.toBe(before);
    const tick = next(channel, 'tick');
    await server.backend.trigger(name, 'tick', 1);
    expect(await tick).toBe(1);
  });

  it('hears nothing of a channel it left', async () => {
    const [left, kept] = [fresh(), fresh()];
    const client = connect(options);
    const heard: unknown[] = [];
    (await subscribed(client.subscribe(left))).bind('tick', (data) => heard.push(data));
    const channel = await subscribed(client.subscribe(kept));
    client.unsubscribe(left);
    client.unsubscribe('never-subscribed');
    await subscribed(client.subscribe(fresh()));
    const tick = next(channel, 'tick');
    await server.backend.trigger([left, kept], 'tick', 1);
    await tick;
    expect(heard).toEqual([]);
  });
});

describe('protocol 2 alone', () => {
  const options = { protocolVersion: 2 } as const;

  it('has positions', async () => {
    const name = fresh();
    const client = connect(options);
    const channel = await subscribed(client.subscribe(name));
    const start = client.getRecoveryPosition(name);
    expect(start?.serial).toBe(0);
    const tick = next(channel, 'tick');
    await server.backend.trigger(name, 'tick', 1);
    await tick;
    expect(client.getRecoveryPosition(name)).toMatchObject({ stream_id: start?.stream_id, serial: 1 });
  });

  it('pattern channels', async () => {
    const base = fresh('prices.');
    const channel = await subscribed(connect(options).subscribe(`${base}.*`));
    const tick = new Promise((resolve) =>
      channel.bind('tick', (data, meta) => resolve([meta.channel, data])),
    );
    await server.backend.trigger(`${base}.eur`, 'tick', 1);
    expect(await tick).toEqual([`${base}.eur`, 1]);
  });

  it('meta channels count, of private bases too', async () => {
    const base = fresh('private-');
    const watcher = await subscribed(connect(options).subscribe(`[meta]${base}`));
    const count = next(watcher, 'sockudo:subscription_count');
    await subscribed(connect(options).subscribe(base));
    expect(await count).toMatchObject({ channel: base, subscription_count: 1 });
    expect(watcher.subscriptionCount).toBe(1);
  });

  it('event and tag filters', async () => {
    const name = fresh();
    const client = connect(options);
    const channel = client.subscribe(name, {
      filter: { events: ['goal', 'end'], tags: { key: 'league', cmp: 'eq', val: 'A' } },
    });
    await subscribed(channel);
    const heard: unknown[] = [];
    channel.bind_global((event, data) => heard.push([event, data]));
    const end = next(channel, 'end');
    await server.backend.trigger(name, 'goal', 1, { tags: { league: 'B' } });
    await server.backend.trigger(name, 'card', 2, { tags: { league: 'A' } });
    await server.backend.trigger(name, 'goal', 3, { tags: { league: 'A' } });
    await server.backend.trigger(name, 'end', 4, { tags: { league: 'A' } });
    await end;
    expect(heard).toEqual([
      ['goal', 3],
      ['end', 4],
    ]);
  });

  it('presence updates reach everybody', async () => {
    const name = fresh('presence-') as `presence-${string}`;
    const room = await subscribed(connect(options, { id: 'ann' }).subscribe(name));
    const theirs = await subscribed(connect(options, { id: 'bob' }).subscribe(name));
    const updated = next(theirs, 'sockudo_internal:presence_update');
    room.update({ status: 'typing' });
    await updated;
    expect(theirs.members.get('ann')).toEqual({ id: 'ann', info: { status: 'typing' } });
  });
});

describe('a server that goes away', () => {
  it('is found again on its port', async () => {
    const first = await startRealServer();
    const client = connect({}, { id: 'ada' }, first);
    const channel = await subscribed(client.subscribe('market'));
    const lost = next(client.connection, 'connecting');
    const closing = first.close();
    await lost;
    await closing;
    const back = next(channel, 'pusher:subscription_succeeded');
    const second = await startRealServer(first.port);
    await back;
    client.disconnect();
    await second.close();
  });
});

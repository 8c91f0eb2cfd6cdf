import { describe, expect, it, vi } from 'vitest';
import type { AuthErrorEvent } from './errors.ts';
import type { UserAuthenticationData } from './options.ts';
import { connectedClient } from './testing/connected-client.ts';
import { settled } from './testing/fake-runtime.ts';

const userData = '{"id":"u-7","user_info":{"name":"Ada"}}';
const answer: UserAuthenticationData = { auth: 'k:u', user_data: userData };

function signedIn(protocolVersion: 7 | 2 = 7) {
  const setup = connectedClient({
    protocolVersion,
    userAuthentication: { customHandler: async () => answer },
  });
  setup.client.signin();
  const succeed = () =>
    setup.socket().receive({ event: `${setup.prefix}:signin_success`, data: { user_data: userData } });
  return { ...setup, succeed, user: setup.client.user };
}

describe('sign-in', () => {
  it('sends what the backend signed and remembers who it is', async () => {
    const { socket, succeed, user } = signedIn();
    await settled();
    expect(socket().sentData('pusher:signin')).toEqual([{ auth: 'k:u', user_data: userData }]);
    expect(user.user_data).toBeNull();
    succeed();
    expect(user.user_data).toEqual({ id: 'u-7', user_info: { name: 'Ada' } });
  });

  it('delivers events sent to the user, and no talk about the subscription', async () => {
    const { succeed, user, subscribes, acknowledge, socket } = signedIn(2);
    await settled();
    const events: unknown[] = [];
    user.bind_global((event, data) => events.push([event, data]));
    succeed();
    expect(subscribes()).toEqual([{ auth: '', channel: '#server-to-user-u-7' }]);
    acknowledge('#server-to-user-u-7');
    socket().receive({ event: 'invoice-ready', channel: '#server-to-user-u-7', data: '{"no":5}' });
    expect(events).toEqual([['invoice-ready', { no: 5 }]]);
  });

  it('is repeated after every reconnect', async () => {
    const { socket, succeed, reconnect, user } = signedIn();
    await settled();
    succeed();
    reconnect();
    expect(user.user_data).toBeNull();
    await settled();
    expect(socket().sentData('pusher:signin')).toHaveLength(1);
  });

  it('is asked for once, and waits for a connection', async () => {
    const ask = vi.fn(async () => answer);
    const { client, runtime } = connectedClient({ userAuthentication: { customHandler: ask } });
    runtime.socket.drop(1006);
    client.signin();
    client.signin();
    expect(ask).not.toHaveBeenCalled();
    runtime.advance(1000);
    runtime.socket.establish();
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('reports a backend that fails', async () => {
    const { client } = connectedClient({
      userAuthentication: { customHandler: (_params, done) => done(new Error('nope'), null) },
    });
    const errors: AuthErrorEvent[] = [];
    client.user.bind('pusher:signin_error', (error) => errors.push(error));
    client.signin();
    await settled();
    expect(errors).toEqual([{ type: 'AuthError', error: 'nope' }]);
  });

  it('may be tried again after a failure', async () => {
    let isDown = true;
    const ask = vi.fn(async () => (isDown ? Promise.reject(new Error('nope')) : answer));
    const { client, socket } = connectedClient({ userAuthentication: { customHandler: ask } });
    client.signin();
    await settled();
    isDown = false;
    client.signin();
    client.signin();
    await settled();
    expect(ask).toHaveBeenCalledTimes(2);
    expect(socket().sentData('pusher:signin')).toHaveLength(1);
  });

  it('takes the server refusing it for its answer, but no other error', async () => {
    const { socket, user } = signedIn();
    await settled();
    const errors: AuthErrorEvent[] = [];
    user.bind('pusher:signin_error', (error) => errors.push(error));
    const refuse = (message: string) =>
      socket().receive({ event: 'pusher:error', data: { code: 4009, message } });
    refuse('Authentication error: Channel requires authentication');
    expect(errors).toEqual([]);
    refuse('Authentication error: Connection not authorized for signin.');
    expect(errors).toMatchObject([{ type: 'PusherError', status: 4009 }]);
    expect(await user.signedInUser()).toBeNull();
  });

  it.each([['{"id":""}'], ['{}'], ['no json'], [7]])('ignores a success without a user: %j', async (text) => {
    const { socket, user } = signedIn();
    await settled();
    socket().receive({ event: 'pusher:signin_success', data: { user_data: text } });
    expect(user.user_data).toBeNull();
  });

  it('drops an answer of the backend that belongs to an earlier connection', async () => {
    const asked: ((error: null, data: UserAuthenticationData) => void)[] = [];
    const { client, reconnect, socket } = connectedClient({
      userAuthentication: { customHandler: (_params, done) => void asked.push(done) },
    });
    client.signin();
    reconnect();
    asked[0]?.(null, { auth: 'k:old', user_data: userData });
    await settled();
    expect(socket().sentData('pusher:signin')).toEqual([]);
    asked[1]?.(null, answer);
    await settled();
    expect(socket().sentData('pusher:signin')).toHaveLength(1);
  });
});

describe('watchlist', () => {
  function watching(protocolVersion: 7 | 2 = 7) {
    const setup = connectedClient({ protocolVersion });
    const events: string[] = [];
    for (const name of ['online', 'offline'] as const) {
      setup.client.user.watchlist.bind(name, ({ user_ids }) => events.push(`${name} ${user_ids.join(' ')}`));
    }
    const single = (name: string, ...ids: string[]) =>
      setup.socket().receive({ event: name, data: { user_ids: ids } });
    const combined = (...changes: [string, ...string[]][]) =>
      setup.socket().receive({
        event: `${setup.prefix}_internal:watchlist_events`,
        data: { events: changes.map(([name, ...user_ids]) => ({ name, user_ids })) },
      });
    return { ...setup, events, single, combined };
  }

  it('reads the combined frame (Pusher)', () => {
    const { events, combined } = watching();
    combined(['online', 'u-1', 'u-2'], ['offline', 'u-3']);
    expect(events).toEqual(['online u-1 u-2', 'offline u-3']);
  });

  it('reads the single frames (Sockudo)', () => {
    const { events, single } = watching();
    single('online', 'u-1');
    single('offline', 'u-1');
    single('online', 'u-1');
    expect(events).toEqual(['online u-1', 'offline u-1', 'online u-1']);
  });

  it.each([7, 2] as const)('announces once what both frames say (protocol %i)', (protocolVersion) => {
    const { events, single, combined } = watching(protocolVersion);
    single('online', 'u-1');
    single('offline', 'u-2');
    combined(['online', 'u-1'], ['offline', 'u-2']);
    combined(['online', 'u-1']);
    single('online', 'u-3');
    single('offline', 'u-3');
    combined(['online', 'u-3'], ['offline', 'u-3']);
    expect(events).toEqual(['online u-1', 'offline u-2', 'online u-1', 'online u-3', 'offline u-3']);
  });

  it('is not fooled by events of those names on channels, nor by nonsense', () => {
    const { events, socket, client } = watching();
    client.subscribe('a');
    socket().receive({ event: 'online', channel: 'a', data: { user_ids: ['x'] } });
    socket().receive({ event: 'online', data: 'x' });
    socket().receive({
      event: 'pusher_internal:watchlist_events',
      data: { events: [null, {}, { name: 5 }] },
    });
    expect(events).toEqual([]);
  });
});

// pusher-js 8 and pusher 5 as published: signed-in users, what is sent to them, who watches them, how they are sent away.
import { describe, expect, it } from 'vitest';
import { sharedTestServer } from '../support/shared-test-server.ts';
import {
  type AuthEndpoint,
  connectedUser,
  heard,
  type PusherClient,
  reaches,
  startAuthEndpoint,
  stockBackend,
  subscribed,
} from '../support/stock-packages.ts';

const server = sharedTestServer();

/** Connected, signed in, and subscribed to the channel that carries its user's events. */
async function signedIn(
  endpoint: AuthEndpoint,
  user: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<PusherClient> {
  const client = await connectedUser(server, endpoint, user, headers);
  const messages = heard(client.connection, 'message');
  client.signin();
  await messages.next(
    ({ data }) =>
      JSON.stringify(data).includes('subscription_succeeded') &&
      JSON.stringify(data).includes(`#server-to-user-${user}`),
  );
  return client;
}

describe('signed-in users', () => {
  it('get what sendToUser sends, on every connection of theirs and on nobody else’s', async () => {
    const backend = stockBackend(server);
    const endpoint = await startAuthEndpoint(backend);
    const own = [await signedIn(endpoint, 'u-1'), await signedIn(endpoint, 'u-1')];
    const other = await signedIn(endpoint, 'u-2');
    const inboxes = own.map((client) => heard(client.user, 'invoice'));
    const others = heard(other.user, 'invoice');
    await backend.sendToUser('u-1', 'invoice', { no: 5 });
    for (const inbox of inboxes) expect(await inbox.next()).toMatchObject({ data: { no: 5 } });
    await backend.sendToUser('u-2', 'invoice', { no: 6 });
    expect(await others.next()).toMatchObject({ data: { no: 6 } });
    expect(inboxes.map((inbox) => inbox.all.length)).toEqual([1, 1]);
  });

  it('hear a failed sign-in from their endpoint', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const client = await connectedUser(server, endpoint, 'u-3');
    client.config.userAuthenticator = (_, callback) => callback(new Error('no session'), null);
    const errors = heard(client.user, 'pusher:signin_error');
    client.signin();
    expect(await errors.next()).toMatchObject({ data: { type: 'AuthError', error: 'no session' } });
  });

  it('join presence channels as who they are, without channel_data (D12)', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const client = await signedIn(endpoint, 'u-4', { 'x-by-sign-in': 'yes' });
    const room = client.subscribe('presence-by-sign-in');
    const { data } = await heard(room, 'pusher:subscription_succeeded').next();
    expect(data).toMatchObject({ count: 1, myID: 'u-4', members: { 'u-4': { name: 'u-4!' } } });
  });

  it('are sent away by terminateUserConnections and do not come back', async () => {
    const backend = stockBackend(server);
    const endpoint = await startAuthEndpoint(backend);
    const client = await signedIn(endpoint, 'u-5');
    const bystander = await signedIn(endpoint, 'u-6');
    const errors = heard(client.connection, 'error');
    const stopped = reaches(client, 'disconnected');
    await backend.terminateUserConnections('u-5');
    expect(await errors.next()).toMatchObject({
      data: { data: { code: 4009, message: 'You got disconnected by the app.' } },
    });
    await stopped;
    expect(bystander.connection.state).toBe('connected');
  });
});

describe('watchlists', () => {
  it('tell who is online at sign-in, who comes and who goes (D28)', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const here = await signedIn(endpoint, 'w-here');
    const watcher = await connectedUser(server, endpoint, 'w-watcher', {
      'x-watchlist': 'w-here,w-away',
    });
    const online = heard(watcher.user.watchlist, 'online');
    const offline = heard(watcher.user.watchlist, 'offline');
    watcher.signin();
    expect(await online.next()).toMatchObject({ data: { name: 'online', user_ids: ['w-here'] } });
    expect(await offline.next()).toMatchObject({ data: { name: 'offline', user_ids: ['w-away'] } });

    const away = await signedIn(endpoint, 'w-away');
    expect(await online.next()).toMatchObject({ data: { user_ids: ['w-away'] } });
    const second = await signedIn(endpoint, 'w-away');
    second.disconnect();
    here.disconnect();
    expect(await offline.next()).toMatchObject({ data: { user_ids: ['w-here'] } });
    away.disconnect();
    expect(await offline.next()).toMatchObject({ data: { user_ids: ['w-away'] } });
    expect([online.all.length, offline.all.length]).toEqual([2, 3]);
  });
});

describe('connections', () => {
  it('come back by themselves after a forced reconnect and are subscribed again', async () => {
    const backend = stockBackend(server);
    const client = await signedIn(await startAuthEndpoint(backend), 'u-7');
    const channel = await subscribed(client, 'stock-comes-back');
    const again = heard(channel, 'pusher:subscription_succeeded');
    const firstId = client.connection.socket_id;
    await backend.post({ path: '/users/u-7/force_reconnect', body: '{}' });
    await again.next();
    expect(client.connection.socket_id).not.toBe(firstId);
    const events = heard(channel, 'event');
    await backend.trigger('stock-comes-back', 'event', 1);
    expect(await events.next()).toMatchObject({ data: 1 });
  });
});

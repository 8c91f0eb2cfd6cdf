// pusher-js 8 and pusher 5 as published, against this server: every kind of channel, client events, exclusion of the sender.
import type { Channel, PresenceChannel } from 'pusher-js';
import { describe, expect, it } from 'vitest';
import { sharedTestServer } from '../support/shared-test-server.ts';
import {
  connectedUser,
  heard,
  startAuthEndpoint,
  stockBackend,
  stockClient,
  subscribed,
} from '../support/stock-packages.ts';

const server = sharedTestServer();

describe('public channels', () => {
  it('deliver what the server SDK triggers, parsed as it was given', async () => {
    const channel = await subscribed(stockClient(server), 'stock-news');
    const news = heard(channel, 'headline');
    const data = { text: 'größer ✓', n: 1.5, list: [1, null] };
    await stockBackend(server).trigger('stock-news', 'headline', data);
    expect(await news.next()).toMatchObject({ data });
  });

  it('deliver one event to several channels', async () => {
    const client = stockClient(server);
    const channels = [await subscribed(client, 'stock-a'), await subscribed(client, 'stock-b')];
    const inboxes = channels.map((channel) => heard(channel, 'both'));
    await stockBackend(server).trigger(['stock-a', 'stock-b'], 'both', 'hello');
    for (const inbox of inboxes) expect(await inbox.next()).toMatchObject({ data: 'hello' });
  });

  it('leave out the connection named by socket_id, as toOthers does', async () => {
    const [self, other] = [stockClient(server), stockClient(server)];
    const own = heard(await subscribed(self, 'stock-others'), 'changed');
    const others = heard(await subscribed(other, 'stock-others'), 'changed');
    const backend = stockBackend(server);
    await backend.trigger('stock-others', 'changed', 1, { socket_id: self.connection.socket_id });
    await backend.trigger('stock-others', 'changed', 2);
    expect(await others.next()).toMatchObject({ data: 1 });
    expect(await own.next()).toMatchObject({ data: 2 });
  });

  it('stop delivering after unsubscribe', async () => {
    const client = stockClient(server);
    const left = heard(await subscribed(client, 'stock-left'), 'event');
    const kept = heard(await subscribed(client, 'stock-kept'), 'event');
    client.unsubscribe('stock-left');
    await subscribed(client, 'stock-barrier');
    await stockBackend(server).trigger(['stock-left', 'stock-kept'], 'event', 1);
    await kept.next();
    expect(left.all).toEqual([]);
  });
});

describe('private channels', () => {
  it('open with the signature of authorizeChannel', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const client = await connectedUser(server, endpoint, 'ada');
    const orders = heard(await subscribed(client, 'private-orders'), 'paid');
    await stockBackend(server).trigger('private-orders', 'paid', { id: 7 });
    expect(await orders.next()).toMatchObject({ data: { id: 7 } });
  });

  it('tell the page when the endpoint says no', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const client = stockClient(server, { endpoint });
    const errors = heard(client.subscribe('private-orders'), 'pusher:subscription_error');
    expect(await errors.next()).toMatchObject({ data: { type: 'AuthError', status: 403 } });
  });

  it('stay shut to a signature of another secret', async () => {
    const forger = stockBackend({ ...server, app: { ...server.app, secret: 'guessed' } });
    const client = await connectedUser(server, await startAuthEndpoint(forger), 'eve');
    const errors = heard(client.connection, 'error');
    client.subscribe('private-orders');
    expect(await errors.next()).toMatchObject({
      data: { data: { code: 4009, message: 'Authentication error: Channel requires authentication' } },
    });
    expect(client.connection.state).toBe('connected');
  });

  it('carry client events to everybody else', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const [ada, bob] = [
      await connectedUser(server, endpoint, 'ada'),
      await connectedUser(server, endpoint, 'bob'),
    ];
    const adas = await subscribed(ada, 'private-desk');
    const bobs = await subscribed(bob, 'private-desk');
    const [heardByAda, heardByBob] = [heard(adas, 'client-typing'), heard(bobs, 'client-typing')];
    adas.trigger('client-typing', { on: true });
    expect(await heardByBob.next()).toMatchObject({ data: { on: true } });
    bobs.trigger('client-typing', { on: false });
    expect(await heardByAda.next()).toMatchObject({ data: { on: false } });
    expect(heardByAda.all).toHaveLength(1);
  });
});

describe('presence channels', () => {
  it('know their members, who came and who went', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const ada = await connectedUser(server, endpoint, 'ada');
    const room = await subscribed(ada, 'presence-room');
    expect(membersOf(room)).toEqual({ me: 'ada', count: 1, ids: ['ada'], info: { name: 'ada!' } });

    const added = heard(room, 'pusher:member_added');
    const removed = heard(room, 'pusher:member_removed');
    const bob = await connectedUser(server, endpoint, 'bob');
    const bobs = await subscribed(bob, 'presence-room');
    expect(membersOf(bobs)).toEqual({ me: 'bob', count: 2, ids: ['ada', 'bob'], info: { name: 'bob!' } });
    expect(await added.next()).toMatchObject({ data: { id: 'bob', info: { name: 'bob!' } } });

    bob.unsubscribe('presence-room');
    expect(await removed.next()).toMatchObject({ data: { id: 'bob' } });
    expect(membersOf(room)).toMatchObject({ count: 1, ids: ['ada'] });
  });

  it('count a user with two connections once, and hear the last one go (disconnect)', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const room = await subscribed(await connectedUser(server, endpoint, 'ada'), 'presence-tabs');
    const removed = heard(room, 'pusher:member_removed');
    const tabs = [
      await connectedUser(server, endpoint, 'bob'),
      await connectedUser(server, endpoint, 'bob'),
    ] as const;
    for (const tab of tabs)
      expect(membersOf(await subscribed(tab, 'presence-tabs'))).toMatchObject({ count: 2 });
    for (const tab of tabs) tab.disconnect();
    expect(await removed.next()).toMatchObject({ data: { id: 'bob' } });
    expect(removed.all).toHaveLength(1);
  });

  it('name the sender of a client event in the metadata', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const adas = await subscribed(await connectedUser(server, endpoint, 'ada'), 'presence-talk');
    const bobs = await subscribed(await connectedUser(server, endpoint, 'bob'), 'presence-talk');
    const talk = heard(bobs, 'client-said');
    adas.trigger('client-said', 'hi');
    expect(await talk.next()).toEqual({ data: 'hi', metadata: { user_id: 'ada' } });
  });
});

describe('private-encrypted channels', () => {
  it('are encrypted by the server SDK and decrypted by the client', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const client = await connectedUser(server, endpoint, 'ada');
    const secrets = heard(await subscribed(client, 'private-encrypted-vault'), 'code');
    const onTheWire = heard(client.connection, 'message');
    await stockBackend(server).trigger('private-encrypted-vault', 'code', { pin: 1234 });
    expect(await secrets.next()).toMatchObject({ data: { pin: 1234 } });
    expect(JSON.stringify(onTheWire.all)).not.toContain('pin');
  });

  it('ask for the key again when it has changed', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const client = await connectedUser(server, endpoint, 'ada');
    const secrets = heard(await subscribed(client, 'private-encrypted-rotating'), 'code');
    endpoint.backend = stockBackend(server, Buffer.alloc(32, 'new').toString('base64'));
    await endpoint.backend.trigger('private-encrypted-rotating', 'code', 'under the new key');
    expect(await secrets.next()).toMatchObject({ data: 'under the new key' });
  });
});

describe('cache channels', () => {
  it('say cache_miss first and the last event afterwards', async () => {
    const client = stockClient(server);
    const empty = client.subscribe('cache-ticker');
    const misses = heard(empty, 'pusher:cache_miss');
    await misses.next();
    const backend = stockBackend(server);
    await backend.trigger('cache-ticker', 'price', 1);
    await backend.trigger('cache-ticker', 'price', 2);
    const prices = heard(stockClient(server).subscribe('cache-ticker'), 'price');
    expect(await prices.next()).toMatchObject({ data: 2 });
    expect(prices.all).toHaveLength(1);
  });

  it.each(['private-cache-feed', 'presence-cache-feed'])('%s is authorised like any other', async (name) => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const client = await connectedUser(server, endpoint, 'ada');
    await stockBackend(server).trigger(name, 'state', { on: true });
    const channel = client.subscribe(name);
    const states = heard(channel, 'state');
    expect(await states.next()).toMatchObject({ data: { on: true } });
    expect(channel.subscribed).toBe(true);
  });

  it('private-encrypted-cache- replays what stays encrypted', async () => {
    const endpoint = await startAuthEndpoint(stockBackend(server));
    const client = await connectedUser(server, endpoint, 'ada');
    await stockBackend(server).trigger('private-encrypted-cache-vault', 'code', { pin: 9 });
    const secrets = heard(client.subscribe('private-encrypted-cache-vault'), 'code');
    expect(await secrets.next()).toMatchObject({ data: { pin: 9 } });
  });
});

function membersOf(channel: Channel) {
  // CAST: pusher-js makes presence channels of names that begin with presence-, but `subscribe` does not say so.
  const { members } = channel as PresenceChannel;
  const ids: string[] = [];
  members.each(({ id }: { id: string }) => ids.push(id));
  return { me: members.me.id, count: members.count, ids: ids.sort(), info: members.me.info };
}

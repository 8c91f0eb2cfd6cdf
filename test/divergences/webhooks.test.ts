// D27, D67 and D68 as an application's backend sees them, verified by the stock server SDK.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../../core/server/webhooks/testing/webhook-app.ts';
import { stockBackend } from '../support/stock-packages.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

const EVERYTHING = [
  'channel_occupied',
  'channel_vacated',
  'member_added',
  'member_removed',
  'client_event',
  'subscription_count',
  'cache_miss',
];

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const start = (...webhooks: Record<string, unknown>[]): Promise<TestServer> =>
  startTestServer({ app: { webhooks } });

/** All events so far, each request verified as an application would. */
function events(server: TestServer): unknown[] {
  return receiver.received.flatMap(({ headers, body }) => {
    const webhook = stockBackend(server).webhook({ headers, rawBody: body });
    expect(webhook.isValid()).toBe(true);
    return webhook.getEvents();
  });
}

describe('webhooks', () => {
  it('are signed as the stock SDK verifies it, and a changed body is not', async () => {
    const server = await start({ url: receiver.url, event_types: EVERYTHING });
    const client = await WireClient.connect(server);
    await client.subscribe('hooked');
    await receiver.hears('channel_occupied');
    const [request] = receiver.received;
    const forged = { headers: request?.headers ?? {}, rawBody: `${request?.body} ` };
    expect(stockBackend(server).webhook(forged).isValid()).toBe(false);
    expect(events(server)).toContainEqual({ name: 'channel_occupied', channel: 'hooked' });
    await server.close();
  });

  it('D27: client events of presence channels name the user, others do not', async () => {
    const server = await start({ url: receiver.url, event_types: ['client_event'] });
    const client = await WireClient.connect(server);
    await client.join('presence-hooked', 'ada');
    await client.subscribe('private-hooked');
    for (const channel of ['presence-hooked', 'private-hooked']) {
      client.send({ event: 'client-x', channel, data: 'hi' });
      await receiver.hears(channel);
    }
    const event = { name: 'client_event', event: 'client-x', data: 'hi', socket_id: client.socketId };
    expect(events(server)).toEqual([
      { ...event, channel: 'presence-hooked', user_id: 'ada' },
      { ...event, channel: 'private-hooked' },
    ]);
    await server.close();
  });

  it('D67: two endpoints with one address both deliver', async () => {
    const endpoint = { url: receiver.url, event_types: ['channel_occupied'] };
    const server = await start(endpoint, { ...endpoint, headers: { 'x-second': 'yes' } });
    const client = await WireClient.connect(server);
    await client.subscribe('hooked');
    await receiver.count(2);
    expect(receiver.received.map(({ headers }) => headers['x-second']).sort()).toEqual(['yes', undefined]);
    await server.close();
  });

  it.each<[string, (client: WireClient) => unknown]>([
    ['unsubscribing', (client) => client.request('unsubscribe', { channel: 'hooked' })],
    ['closing', (client) => client.close()],
    ['vanishing', (client) => client.cut()],
  ])('D68: leaving by %s sends the count at once and channel_vacated later', async (_, leave) => {
    const server = await start({ url: receiver.url, event_types: ['subscription_count', 'channel_vacated'] });
    const [stays, leaves] = [await WireClient.connect(server), await WireClient.connect(server)];
    await stays.subscribe('stays-hooked');
    await leaves.subscribe('hooked');
    await receiver.hears('"channel":"hooked"');
    leave(leaves);
    await receiver.hears('"subscription_count":0');
    expect(events(server)).not.toContainEqual({ name: 'channel_vacated', channel: 'hooked' });
    // What is delayed is decided when the server stops.
    await server.close();
    expect(events(server)).toContainEqual({ name: 'channel_vacated', channel: 'hooked' });
  });
});

// Pushes that come with events, on a whole server.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WireClient } from '../../test/support/wire-client.ts';
import { type PushServer, startPushServer } from '../testing/push-server.ts';

const RULES = [
  { channel_pattern: 'notifications:*', event_filter: ['done', 'failed'] },
  { channel_pattern: 'private-*', event_filter: ['client-done'] },
  { channel_pattern: 'often', event_filter: ['done'], rate_limit_per_second: 2 },
  {
    channel_pattern: 'orders',
    event_filter: ['packed'],
    payload_mapping: { include_remaining_fields: false },
  },
];
const DONE = { title: 'Done', body: 'Your answer is ready', sessionId: 's1' };

let server: PushServer;
let client: WireClient;

beforeAll(async () => {
  server = await startPushServer({ rules: RULES });
});

afterAll(() => server.close());

beforeEach(async () => {
  server.dispatcher.accepted.length = 0;
  client = await WireClient.connect(server, { protocol: 2 });
});

afterEach(() => client.close());

const publish = async (channels: string[], name: string, data: unknown, extras?: unknown) => {
  const body = { name, channels, data, ...(extras !== undefined && { extras }) };
  const { status, text } = await server.request('POST', '/events', { body });
  return { status, body: JSON.parse(text) };
};

const nextEvent = (channel: string) =>
  client.frames.next((frame) => frame.channel === channel && !frame.event.startsWith('sockudo'));

/** Publishes that rules made are accepted behind the answer. */
const accepted = async () => {
  await server.service.events.close();
  return server.dispatcher.accepted.map(({ targets, rendered }) => ({
    targets,
    ...rendered.find(({ provider }) => provider === 'realtime')?.payload,
  }));
};

describe('extras.push', () => {
  it('makes one push for each channel of the event, before it is published', async () => {
    const push = { title: 'Hi', templateData: { a: 1 } };
    expect(await publish(['one', 'two'], 'ev', 'x', { push })).toMatchObject({ status: 200 });
    const notification = { notification: { title: 'Hi' }, data: { a: 1 } };
    expect(server.dispatcher.accepted).toHaveLength(2);
    expect(await accepted()).toEqual([
      { targets: [{ type: 'channel', channel: 'one' }], ...notification },
      { targets: [{ type: 'channel', channel: 'two' }], ...notification },
    ]);
  });

  it('refuses the event where the push is refused, with nothing published', async () => {
    await client.subscribe('one');
    const refused = await publish(['one'], 'ev', 'x', { push: { title: 'x'.repeat(257) } });
    expect(refused).toEqual({
      status: 400,
      body: { error: 'title exceeds 256 bytes', code: 'invalid_input', status: 400 },
    });
    await server.publish('one', 'next');
    expect(await nextEvent('one')).toMatchObject({ event: 'next' });
    expect(server.dispatcher.accepted).toEqual([]);
  });

  it('comes once with an event that is repeated', async () => {
    const body = { name: 'ev', channels: ['one'], data: 'x', extras: { push: { title: 'Hi' } } };
    for (const _ of [1, 2]) {
      const headers = { 'x-idempotency-key': 'k' };
      expect(await server.request('POST', '/events', { body, headers })).toMatchObject({ status: 200 });
    }
    expect(server.dispatcher.accepted).toHaveLength(1);
  });

  it('refuses a whole batch, whichever event asks for it', async () => {
    const event = (push: unknown) => ({ name: 'ev', channel: 'one', data: 'x', extras: { push } });
    const batch = [event({ title: 'Hi' }), event({ title: 7 })];
    const { status } = await server.request('POST', '/batch_events', { body: { batch } });
    expect(status).toBe(400);
    expect(server.dispatcher.accepted).toEqual([]);
  });

  it('is nothing that a client may ask for', async () => {
    await client.subscribe('private-one');
    await client.signIn('ann', { capabilities: { publish: ['*'] } });
    const request = { request_id: 'q', channel: 'private-one', name: 'ev', data: 'x' };
    client.request('publish', { ...request, extras: { push: { title: 'Hi' } } });
    expect(await client.next('error')).toMatchObject({ data: { request_id: 'q' } });
    expect(server.dispatcher.accepted).toEqual([]);
  });
});

describe('push rules', () => {
  it('make a push of the data of a matching event, published before', async () => {
    expect(await publish(['notifications:ann', 'other'], 'done', JSON.stringify(DONE))).toMatchObject({
      status: 200,
    });
    expect(await accepted()).toEqual([
      {
        targets: [{ type: 'channel', channel: 'notifications:ann' }],
        notification: { title: 'Done', body: 'Your answer is ready' },
        data: { data: { sessionId: 's1' } },
      },
    ]);
  });

  it('leave the other members out where they say so', async () => {
    await publish(['orders'], 'packed', JSON.stringify(DONE));
    expect(await accepted()).toEqual([
      {
        targets: [{ type: 'channel', channel: 'orders' }],
        notification: { title: 'Done', body: 'Your answer is ready' },
      },
    ]);
  });

  it.each([
    ['text', 'data of an event with a push rule must be an object'],
    [JSON.stringify([1]), 'data of an event with a push rule must be an object'],
    [JSON.stringify({ title: 'x' }), "data of an event with a push rule must have the text 'body'"],
    [JSON.stringify({ title: 1, body: 'x' }), "data of an event with a push rule must have the text 'title'"],
    [JSON.stringify({ title: 'x'.repeat(257), body: 'x' }), 'title exceeds 256 bytes'],
  ])('refuse an event with the data %s', async (data, error) => {
    expect(await publish(['other', 'notifications:ann'], 'done', data)).toMatchObject({
      status: 400,
      body: { error },
    });
    expect(await publish(['notifications:ann'], 'another event', data)).toMatchObject({ status: 200 });
  });

  it('drop what exceeds their rate and publish the event all the same', async () => {
    const names = Array.from({ length: 6 }, () => 'done');
    const batch = names.map((name) => ({ name, channel: 'often', data: JSON.stringify(DONE) }));
    await client.subscribe('often');
    expect((await server.request('POST', '/batch_events', { body: { batch } })).status).toBe(200);
    for (const name of names) expect(await nextEvent('often')).toMatchObject({ event: name });
    // Six in one step fall into two seconds at most.
    const pushes = (await accepted()).length;
    expect(pushes).toBeGreaterThanOrEqual(2);
    expect(pushes).toBeLessThanOrEqual(4);
  });

  it('do not listen to clients', async () => {
    await client.subscribe('private-x');
    client.send({ event: 'client-done', channel: 'private-x', data: DONE });
    expect(await nextEvent('private-x')).toMatchObject({ event: 'client-done' });
    expect(await accepted()).toEqual([]);
    await publish(['private-x'], 'client-done', JSON.stringify(DONE));
    expect(await accepted()).toHaveLength(1);
  });
});

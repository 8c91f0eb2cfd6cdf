import { type ClientFrame, parseTokenCapabilities } from '@sockudo/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PluginStages } from '../../plugins/stages.ts';
import { StoreUnavailable } from '../../ports/channel-log.ts';
import type { ClientEventHandler } from '../dispatch.ts';
import type { Frame, TestClient } from '../testing/test-client.ts';
import {
  memoryDrivers,
  type TestRealtime,
  type TestRealtimeOptions,
  testRealtime,
} from '../testing/test-realtime.ts';

const ROOM = 'private-x';
const WITH_HISTORY = { config: { history: { backend: 'memory' }, tag_filtering: { enabled: true } } };

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime(WITH_HISTORY);
});
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

/** Replaces the server of the test. */
async function restart(options: TestRealtimeOptions): Promise<void> {
  await realtime.close();
  realtime = testRealtime({ ...WITH_HISTORY, ...options });
}

/** A subscribed connection that is this user and may do these operations. */
async function member(
  userId: string,
  operations: string[] = ['subscribe', 'publish'],
  channel = ROOM,
): Promise<TestClient> {
  const client = realtime.client({ protocol: 2, echo: false });
  client.connection.capabilities = parseTokenCapabilities({ '*': operations });
  realtime.context.hub.app(realtime.app.id).setUserId(client.connection, userId);
  await client.subscribe(channel);
  return client;
}

async function publish(client: TestClient, data: object): Promise<Frame[]> {
  client.request('publish', { request_id: 'r1', channel: ROOM, name: 'client-x', data: 'hi', ...data });
  return client.answers();
}

// CAST: acknowledgements and errors carry objects; a test that gets another fails on what it looks for.
const dataOf = (frame: Frame | undefined) => frame?.data as Record<string, unknown>;

const errorOf = (frames: readonly Frame[]) => {
  expect(frames).toHaveLength(1);
  expect(frames[0]?.event).toBe('sockudo:error');
  return dataOf(frames[0]);
};

describe('sockudo:publish', () => {
  it('publishes under the verified name and answers the serials', async () => {
    const [ann, bob] = [await member('ann'), await member('bob')];
    const forged = { user_id: 'eve', client_id: 'eve', tags: { k: 'v' }, extras: { headers: { a: 1 } } };
    const [ack, ...more] = await publish(ann, { ...forged, data: { n: 1 }, message_id: 'm1' });
    expect(more).toEqual([]);
    expect(ack).toMatchObject({
      event: 'sockudo:publish_ack',
      data: { request_id: 'r1', channel: ROOM, history_serial: 1, delivery_serial: 1, status: 'applied' },
    });
    const [message] = await bob.answers();
    expect(message).toMatchObject({
      event: 'client-x',
      channel: ROOM,
      data: '{"n":1}',
      user_id: 'ann',
      message_id: 'm1',
      serial: 1,
      tags: { k: 'v' },
    });
    const { message_serial: serial } = dataOf(ack);
    expect(message).toMatchObject({
      extras: { headers: { a: 1, sockudo_action: 'message.create', sockudo_message_serial: serial } },
    });
  });

  it('answers a repetition with the first serials and delivers it once', async () => {
    const [ann, bob] = [await member('ann'), await member('bob')];
    const [first] = await publish(ann, { message_id: 'm1' });
    await bob.answers();
    const [again] = await publish(ann, { message_id: 'm1', request_id: 'r2' });
    expect(again?.data).toEqual({ ...dataOf(first), request_id: 'r2', status: 'duplicate' });
    expect(await bob.answers()).toEqual([]);
    expect(errorOf(await publish(ann, { message_id: 'm1', data: 'other' }))).toMatchObject({
      reason: 'invalid_input',
      message: 'idempotency key was already used with a different payload',
    });
  });

  it('tells nobody of another one’s message', async () => {
    const [ann, bob] = [await member('ann'), await member('bob')];
    await publish(ann, { message_id: 'm1' });
    await bob.answers();
    expect(errorOf(await publish(bob, { message_id: 'm1' }))).toMatchObject({ reason: 'invalid_input' });
  });

  it('works where nothing is kept', async () => {
    await restart({ config: { history: { enabled: false }, connection_recovery: { enabled: false } } });
    const ann = await member('ann');
    const [ack] = await publish(ann, { message_id: 'm1' });
    expect(ack?.data).toEqual({
      request_id: 'r1',
      channel: ROOM,
      acknowledgement_id: 'm1',
      status: 'applied',
    });
  });

  it('comes back to its sender only on wish', async () => {
    const ann = await member('ann');
    const frames = await publish(ann, { extras: { echo: true } });
    expect(frames.map(({ event }) => event).sort()).toEqual(['client-x', 'sockudo:publish_ack']);
  });

  it('keeps nothing of an ephemeral message', async () => {
    const [ann, bob] = [await member('ann'), await member('bob')];
    const [ack] = await publish(ann, { extras: { ephemeral: true } });
    expect(ack?.data).not.toHaveProperty('history_serial');
    expect(await bob.answers()).toMatchObject([{ event: 'client-x' }]);
  });

  it('needs no private channel, since it has to be granted', async () => {
    const ann = await member('ann', undefined, 'open');
    expect(await publish(ann, { channel: 'open' })).toMatchObject([{ event: 'sockudo:publish_ack' }]);
  });

  it('takes a sign-in that lists publish as well as a token', async () => {
    const client = realtime.client({ protocol: 2 });
    await client.signIn('ann', { capabilities: { publish: ['private-*'] } });
    await client.subscribe(ROOM);
    expect(await publish(client, {})).toMatchObject([{ event: 'sockudo:publish_ack' }]);
  });

  it('answers every request of several in a row', async () => {
    const ann = await member('ann');
    for (const id of ['a', 'b', 'c'])
      ann.request('publish', { request_id: id, channel: ROOM, name: 'client-x' });
    const frames = [...(await ann.answers()), ...(await ann.answers())];
    expect(frames.map((frame) => dataOf(frame).request_id)).toEqual(['a', 'b', 'c']);
  });
});

describe('sockudo:publish is refused', () => {
  const quiet = async (observer: TestClient) => expect(await observer.answers()).toEqual([]);

  it.each<[string, object, object]>([
    ['a name of a backend', { name: 'order-paid' }, { code: 4000, reason: 'invalid_input' }],
    [
      'a platform event',
      { name: 'sockudo:error' },
      { message: 'Invalid event name: Clients may not publish this event' },
    ],
    ['an internal event', { name: 'pusher_internal:member_added' }, { code: 4000 }],
    ['AI headers', { extras: { ai: { transport: {} } } }, { reason: 'forbidden' }],
    ['a reserved header', { extras: { headers: { sockudo_action: 'x' } } }, { code: 4000, ai_code: 104_000 }],
    ['a push', { extras: { push: {} } }, { reason: 'forbidden' }],
    [
      'another channel',
      { channel: 'private-y' },
      { code: 4301, message: expect.stringContaining('is not subscribed') },
    ],
    ['a pattern', { channel: 'private-*' }, { code: 4301 }],
    ['no channel', { channel: null }, { message: "'channel' must be a string" }],
  ])('for %s', async (_, change, error) => {
    const [ann, bob] = [await member('ann'), await member('bob')];
    expect(errorOf(await publish(ann, change))).toMatchObject({ request_id: 'r1', ...error });
    await quiet(bob);
  });

  it.each<[string, string[]]>([
    ['a token without publish', ['subscribe', 'history']],
    ['a token with message rights alone', ['subscribe', 'message-append-any']],
  ])('for %s', async (_, operations) => {
    const [ann, bob] = [await member('ann', operations), await member('bob')];
    expect(errorOf(await publish(ann, {}))).toMatchObject({
      code: 4009,
      message: `Authentication error: Connection is not allowed to publish channel '${ROOM}'`,
      request_id: 'r1',
      reason: 'auth_failed',
      retryable: false,
    });
    await quiet(bob);
  });

  it('without any list: what is open to client events is not open to this', async () => {
    const client = realtime.client({ protocol: 2 });
    await client.subscribe(ROOM);
    expect(errorOf(await publish(client, {}))).toMatchObject({ code: 4009 });
  });

  it('on protocol 1, and without an id', async () => {
    const v1 = realtime.client();
    v1.request('publish', { request_id: 'r1' });
    expect(await v1.answers()).toMatchObject([{ event: 'pusher:error', data: { code: 4000 } }]);
    const ann = await member('ann');
    for (const data of [undefined, 'x', [], { request_id: 5 }]) {
      ann.request('publish', data);
      const error = errorOf(await ann.answers());
      expect(error).toMatchObject({
        code: 4000,
        message: expect.stringContaining('requires data.request_id'),
      });
      expect(error).not.toHaveProperty('request_id');
    }
  });

  it('on cache channels, and where the app has no client events', async () => {
    for (const channel of ['cache-x', 'private-cache-x']) {
      const ann = await member('ann', undefined, channel);
      expect(errorOf((await publish(ann, { channel })).slice(-1))).toMatchObject({ code: 4301 });
    }
    await restart({ app: { enable_client_messages: false } });
    expect(errorOf(await publish(await member('ann'), {}))).toMatchObject({
      message: 'Client event error: Client events are not enabled for this app',
    });
  });

  it('above the limits of the app', async () => {
    await restart({
      app: { max_event_payload_in_kb: 1, max_event_name_length: 20, max_client_events_per_second: 3 },
    });
    const ann = await member('ann');
    expect(errorOf(await publish(ann, { data: 'x'.repeat(1025) }))).toMatchObject({
      reason: 'payload_too_large',
    });
    expect(errorOf(await publish(ann, { name: `client-${'x'.repeat(20)}` }))).toMatchObject({
      reason: 'limit_exceeded',
    });
    ann.receive({ event: 'client-x', channel: ROOM });
    expect(errorOf(await publish(ann, {}))).toMatchObject({
      code: 4301,
      request_id: 'r1',
      reason: 'rate_limited',
      retryable: true,
    });
  });

  it('and closed, where the app closes for it', async () => {
    await restart({ app: { max_client_events_per_second: 1, terminate_on_limit: true } });
    const ann = await member('ann');
    await publish(ann, {});
    await publish(ann, {});
    expect(ann.webSocket.closed).toMatchObject({ code: 4301 });
  });

  it('by the store, with nothing told of why', async () => {
    const drivers = memoryDrivers();
    const durableLog = Object.assign(drivers.durableLog, {
      commit: () => Promise.reject(new StoreUnavailable('disk /dev/secret is full')),
    });
    await restart({ drivers: { durableLog } });
    const [ann, bob] = [await member('ann'), await member('bob')];
    const error = errorOf(await publish(ann, {}));
    expect(error).toMatchObject({ reason: 'internal_error', retryable: true, request_id: 'r1' });
    expect(JSON.stringify(error)).not.toContain('secret');
    await quiet(bob);
  });
});

describe('an event of a plug-in', () => {
  const seen: ClientFrame[] = [];
  const handler: ClientEventHandler = async (_, frame) => {
    seen.push(frame);
    return { acknowledgement: { acknowledgement_id: 'own', history_serial: 7 }, isRepeat: true };
  };

  it('is acknowledged with what its handler answers, and checked by core first', async () => {
    const stages = new PluginStages([{ name: 'p', clientEvents: new Map([['own-event', handler]]) }]);
    const context = Object.assign(realtime.context, { stages });
    expect(context.stages).toBe(stages);
    const ann = await member('ann');
    const extras = { ai: { transport: { role: 'user' } } };
    const [ack] = await publish(ann, { name: 'own-event', data: { a: 1 }, message_id: 'm1', extras });
    expect(ack?.data).toEqual({
      request_id: 'r1',
      channel: ROOM,
      acknowledgement_id: 'own',
      history_serial: 7,
      status: 'duplicate',
    });
    expect(seen).toMatchObject([
      { event: 'own-event', channel: ROOM, data: { a: 1 }, messageId: 'm1', extras },
    ]);
    const eve = await member('eve', ['subscribe']);
    expect(errorOf(await publish(eve, { name: 'own-event' }))).toMatchObject({ code: 4009 });
    expect(seen).toHaveLength(1);
  });
});

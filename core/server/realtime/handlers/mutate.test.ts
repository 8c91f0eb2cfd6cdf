import { parseTokenCapabilities } from '@sockudo/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PluginStages } from '../../plugins/stages.ts';
import type { Frame, TestClient } from '../testing/test-client.ts';
import { type TestRealtime, testRealtime } from '../testing/test-realtime.ts';

const ROOM = 'private-x';

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime({
    config: { history: { backend: 'memory' }, versioned_messages: { enabled: true } },
  });
});
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

const OWN = ['subscribe', 'publish', 'message-append-own', 'message-update-own', 'message-delete-own'];

async function member(userId: string, operations: string[] = OWN): Promise<TestClient> {
  const client = realtime.client({ protocol: 2, echo: false });
  client.connection.capabilities = parseTokenCapabilities({ '*': operations });
  realtime.context.hub.app(realtime.app.id).setUserId(client.connection, userId);
  await client.subscribe(ROOM);
  return client;
}

// CAST: acknowledgements and errors carry objects; a test that gets another fails on what it looks for.
const dataOf = (frame: Frame | undefined) => frame?.data as Record<string, unknown>;

/** Publishes and answers the message's serial. */
async function created(client: TestClient, data = 'a'): Promise<string> {
  client.request('publish', { request_id: 'r0', channel: ROOM, name: 'client-x', data });
  return String(
    dataOf((await client.answers()).find(({ event }) => event === 'sockudo:publish_ack')).message_serial,
  );
}

async function mutate(client: TestClient, data: object): Promise<Record<string, unknown>> {
  client.request('mutate', { request_id: 'r1', channel: ROOM, action: 'append', ...data });
  const frames = await client.answers();
  return { event: frames.at(-1)?.event, ...dataOf(frames.at(-1)) };
}

describe('sockudo:mutate', () => {
  it('appends, updates and deletes one’s own message, with the answer of the HTTP API', async () => {
    const [ann, bob] = [await member('ann'), await member('bob')];
    const serial = await created(ann);
    await bob.answers();
    expect(await mutate(ann, { message_serial: serial, data: 'b' })).toEqual({
      event: 'sockudo:mutate_ack',
      request_id: 'r1',
      channel: ROOM,
      message_serial: serial,
      action: 'append',
      accepted: true,
      version_serial: expect.any(String),
      history_serial: 1,
      delivery_serial: 2,
      status: 'applied',
    });
    const update = { action: 'update', message_serial: serial, data: 'c', name: 'client-y' };
    expect(await mutate(ann, update)).toMatchObject({ action: 'update', delivery_serial: 3 });
    expect(await mutate(ann, { action: 'delete', message_serial: serial })).toMatchObject({
      action: 'delete',
    });
    expect((await bob.answers()).map(({ event, data, user_id }) => [event, data, user_id])).toEqual([
      ['sockudo:message.append', 'b', 'ann'],
      ['sockudo:message.update', 'c', 'ann'],
      ['sockudo:message.delete', 'c', 'ann'],
    ]);
  });

  it('applies an op_id once', async () => {
    const ann = await member('ann');
    const message_serial = await created(ann);
    const first = await mutate(ann, { message_serial, data: 'b', op_id: 'o1' });
    expect(await mutate(ann, { message_serial, data: 'b', op_id: 'o1' })).toEqual({
      ...first,
      status: 'duplicate',
    });
    expect(await mutate(ann, { message_serial, data: 'other', op_id: 'o1' })).toMatchObject({
      event: 'sockudo:error',
      reason: 'invalid_input',
    });
  });

  it('attributes it to the verified user, whatever is claimed', async () => {
    const [ann, bob] = [await member('ann'), await member('bob')];
    const message_serial = await created(ann);
    await bob.answers();
    await mutate(ann, { message_serial, data: 'b', client_id: 'eve', socket_id: bob.socketId });
    expect(await bob.answers()).toMatchObject([{ user_id: 'ann' }]);
  });
});

describe('sockudo:mutate is refused', () => {
  it('for the messages of others, unless the list says any', async () => {
    const [ann, bob] = [await member('ann'), await member('bob')];
    const message_serial = await created(ann);
    await bob.answers();
    for (const action of ['append', 'update', 'delete']) {
      expect(await mutate(bob, { action, message_serial, data: 'b' })).toMatchObject({
        event: 'sockudo:error',
        request_id: 'r1',
        reason: 'mutable_not_permitted',
        ai_code: 93_002,
      });
    }
    const admin = await member('admin', ['subscribe', 'publish', 'message-append-any']);
    expect(await mutate(admin, { message_serial, data: 'b' })).toMatchObject({ event: 'sockudo:mutate_ack' });
    expect(await mutate(admin, { action: 'delete', message_serial })).toMatchObject({
      reason: 'mutable_not_permitted',
    });
    expect((await ann.answers()).map(({ event }) => event)).toEqual(['sockudo:message.append']);
  });

  it.each([
    ['without publish', ['subscribe', 'message-append-any']],
    ['without a message right', ['subscribe', 'publish']],
  ])('%s', async (_, operations) => {
    const [ann, eve] = [await member('ann'), await member('eve', operations)];
    const message_serial = await created(ann);
    await eve.answers();
    expect(await mutate(eve, { message_serial, data: 'b' })).toMatchObject({
      reason: 'mutable_not_permitted',
    });
  });

  it('without any list, also of one’s own messages', async () => {
    const ann = await member('ann');
    const message_serial = await created(ann);
    ann.connection.capabilities = null;
    expect(await mutate(ann, { message_serial, data: 'b' })).toMatchObject({
      reason: 'mutable_not_permitted',
    });
  });

  it.each<[object, object]>([
    [{ message_serial: 'unknown' }, { reason: 'not_found' }],
    [{ channel: 'private-y' }, { code: 4301 }],
    [{ action: 'summary' }, { reason: 'invalid_input' }],
    [
      { action: 'update', name: 'sockudo:error' },
      { message: 'Invalid event name: Clients may not publish this event' },
    ],
    [
      { action: 'update', name: 'order-paid' },
      { message: 'Invalid event name: Clients may not publish this event' },
    ],
    [{ extras: { headers: { sockudo_action: 'x' } } }, { ai_code: 104_000 }],
    [{ extras: { push: {} } }, { reason: 'forbidden' }],
    [{ data: { a: 1 } }, { reason: 'invalid_input' }],
  ])('%j', async (change, error) => {
    const [ann, bob] = [await member('ann'), await member('bob')];
    const message_serial = await created(ann);
    await bob.answers();
    const answer = await mutate(ann, { message_serial, data: 'b', ...change });
    expect(answer).toMatchObject({ event: 'sockudo:error', request_id: 'r1', ...error });
    expect(await bob.answers()).toEqual([]);
  });

  it('to give a message the name of a plug-in’s event, whose handler has not seen it', async () => {
    const handler = async () => {};
    const stages = new PluginStages([{ name: 'p', clientEvents: new Map([['own-event', handler]]) }]);
    Object.assign(realtime.context, { stages });
    const ann = await member('ann');
    const message_serial = await created(ann);
    expect(await mutate(ann, { action: 'update', message_serial, name: 'own-event' })).toMatchObject({
      event: 'sockudo:error',
      message: 'Invalid event name: Clients may not publish this event',
    });
  });

  it('counts against the limit of client events', async () => {
    const ann = await member('ann');
    const message_serial = await created(ann);
    const limits = { ...ann.connection.app.limits, maxClientEventsPerWindow: 1 };
    Object.assign(ann.connection, { app: { ...ann.connection.app, limits } });
    await mutate(ann, { message_serial, data: 'b' });
    expect(await mutate(ann, { message_serial, data: 'b' })).toMatchObject({
      code: 4301,
      reason: 'rate_limited',
    });
  });
});

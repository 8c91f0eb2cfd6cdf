// The routes of mutable messages over a real port: what a change does to the message, its versions, subscribers and webhooks.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookEndpoint } from '../../apps/app.ts';
import { type ApiCaller, durableApp, startApi } from '../../messages/testing/api-caller.ts';
import { StoreUnavailable } from '../../ports/channel-log.ts';

const endpoint: WebhookEndpoint = {
  url: 'http://127.0.0.1/',
  eventTypes: ['message_version_created'],
  filter: null,
  headers: {},
  retry: { enabled: false, maxAttempts: null, maxElapsedMs: 0, initialBackoffMs: 0, maxBackoffMs: 0 },
  requestTimeoutMs: 0,
};
const retention = { ageMs: 1000 };

let api: ApiCaller;
let message: string;
let path: string;

async function start(options: Parameters<typeof startApi>[0] = {}): Promise<void> {
  api = await startApi(options);
  message = await api.create(api.app, 'room', 'chat', 'one', { message_id: 'create', tags: { t: '1' } });
  path = `/channels/room/messages/${message}`;
}

beforeEach(() => start({ app: durableApp({ webhooks: [endpoint] }) }));
afterEach(() => api.close());

describe('a mutation', () => {
  it('is acknowledged with its serials, delivered, and told to the backend', async () => {
    const { status, body } = await api.post(`${path}/append`, { data: ' two' });
    expect(status).toBe(200);
    expect(body).toEqual({
      channel: 'room',
      message_serial: message,
      action: 'append',
      accepted: true,
      version_serial: expect.any(String),
      history_serial: 1,
      delivery_serial: 2,
      status: 'applied',
    });
    expect(body.version_serial > message).toBe(true);
    const frame = api.delivered.at(-1);
    expect(frame).toMatchObject({
      event: 'sockudo:message.append',
      name: 'chat',
      data: '" two"',
      messageId: body.version_serial,
      position: { serial: 2 },
      version: { createMessageId: 'create', historySerial: 1 },
    });
    expect(frame?.forFullMode?.().data).toBe('"one two"');
    expect(api.webhooks.at(-1)).toEqual({
      name: 'message_version_created',
      channel: 'room',
      message_serial: message,
      version_serial: body.version_serial,
      action: 'message.append',
    });
  });

  it('changes what it names and is read back with who, why and with what', async () => {
    const changes = {
      data: { edited: true },
      name: 'renamed',
      client_id: 'mod',
      description: 'typo',
      metadata: { by: ['mod'] },
    };
    expect((await api.post(`${path}/update`, changes)).status).toBe(200);
    const { body } = await api.get(path);
    expect(body).toMatchObject({
      channel: 'room',
      item: {
        event: 'sockudo:message.update',
        name: 'renamed',
        data: '{"edited":true}',
        action: 'update',
        history_serial: 1,
        delivery_serial: 2,
        version: { client_id: 'mod', description: 'typo', metadata: { by: ['mod'] } },
      },
    });
    expect(body.item.extras).toMatchObject({
      headers: { sockudo_action: 'message.update', sockudo_create_message_id: 'create' },
    });
  });

  it('of one kind after another keeps what they do not name', async () => {
    await api.post(`${path}/update`, { extras: { headers: { h: 1 } } });
    await api.post(`${path}/append`, { data: '!' });
    await api.post(`${path}/delete`, {});
    const { item } = (await api.get(path)).body;
    expect(item).toMatchObject({ data: 'one!', action: 'delete', extras: { headers: { h: 1 } } });
    expect((await api.post(`${path}/append`, { data: '?' })).body.delivery_serial).toBe(5);
  });

  it('to a message whose data was cleared cannot be an append', async () => {
    await api.post(`${path}/update`, { clear_fields: ['data'] });
    expect(await api.post(`${path}/append`, { data: 'x' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_input' },
    });
    expect((await api.get(path)).body.item).toMatchObject({ serial: 2 });
  });

  it('that the store refuses is a 500, reaches nobody and can be repeated', async () => {
    const { mutate } = api.log;
    api.log.mutate = () => Promise.reject(new StoreUnavailable('test'));
    const append = { data: ' two', op_id: 'op' };
    expect(await api.post(`${path}/append`, append)).toMatchObject({
      status: 500,
      body: { code: 'internal_error', error: 'Internal server error' },
    });
    expect(api.delivered).toHaveLength(1);
    api.log.mutate = mutate;
    const { body } = await api.post(`${path}/append`, append);
    expect([body.status, body.delivery_serial]).toEqual(['applied', 2]);
  });

  it('sorts above the last one, whatever the clock does', async () => {
    await api.close();
    let nowMs = 2_000_000_000_000;
    await start({ now: () => nowMs });
    const serials = [message];
    for (const step of [-60_000, 0, -1, 5]) {
      nowMs += step;
      serials.push((await api.post(`${path}/append`, { data: 'x' })).body.version_serial);
    }
    expect(serials.toSorted()).toEqual(serials);
    expect(new Set(serials).size).toBe(5);
  });
});

describe('op_id', () => {
  it('makes a repetition a duplicate with the first serials, and nothing is sent again', async () => {
    const append = { data: ' two', op_id: 'op-1', metadata: { a: 1, b: 2 } };
    const first = (await api.post(`${path}/append`, append)).body;
    await api.post(`${path}/append`, { data: ' three' });
    const sent = api.delivered.length;
    const again = (await api.post(`${path}/append`, { ...append, metadata: { b: 2, a: 1 } })).body;
    expect(again).toEqual({ ...first, status: 'duplicate' });
    expect(api.delivered).toHaveLength(sent);
    expect((await api.get(path)).body.item.data).toBe('one two three');
  });

  it('is refused with another payload', async () => {
    await api.post(`${path}/append`, { data: 'a', op_id: 'op' });
    for (const body of [{ data: 'b' }, { data: 'a', client_id: 'u' }, { data: 'a', extras: {} }]) {
      const { status, body: answer } = await api.post(`${path}/append`, { ...body, op_id: 'op' });
      expect([status, answer.code]).toEqual([400, 'invalid_input']);
    }
    expect((await api.get(path)).body.item.data).toBe('onea');
  });

  it('counts for one message and one kind of mutation', async () => {
    await api.post(`${path}/append`, { data: 'a', op_id: 'op' });
    expect((await api.post(`${path}/update`, { data: 'b', op_id: 'op' })).body.status).toBe('applied');
    const other = await api.create(api.app, 'room', 'chat', 'x');
    const answer = await api.post(`/channels/room/messages/${other}/append`, { data: 'a', op_id: 'op' });
    expect(answer.body.status).toBe('applied');
  });

  it('is applied once when many come at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.post(`${path}/append`, { data: '+', op_id: 'op' })),
    );
    expect(answers.filter(({ body }) => body.status === 'applied')).toHaveLength(1);
    expect((await api.get(path)).body.item.data).toBe('one+');
  });
});

it('appends that come at the same time are all applied, each once, in the order of their serials', async () => {
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, i) => api.post(`${path}/append`, { data: `<${i}>` })),
  );
  const inOrder = answers
    .map(({ body }, i) => ({ serial: Number(body.delivery_serial), text: `<${i}>` }))
    .sort((a, b) => a.serial - b.serial);
  expect(inOrder.map(({ serial }) => serial)).toEqual(Array.from({ length: 30 }, (_, i) => i + 2));
  expect((await api.get(path)).body.item.data).toBe(`one${inOrder.map(({ text }) => text).join('')}`);
  const delivered = api.delivered.slice(-30).map(({ position }) => position?.serial);
  expect(delivered).toEqual(inOrder.map(({ serial }) => serial));
});

it('is counted, by what came of it', async () => {
  api.connections.set('1.1', { protocol: 2, userId: 'ann', capabilities: null });
  for (const body of [{ op_id: 'op' }, { op_id: 'op' }, { socket_id: '1.1' }, { socket_id: '9.9' }]) {
    await api.post(`${path}/append`, { data: 'x', ...body });
  }
  await api.get(path);
  await api.get('/channels/room/messages/nope/versions');
  const { versionMutations, versionRetrievals } = api.counters.of(api.app.id);
  expect(Object.fromEntries(versionMutations.entries())).toEqual({
    'message.append applied': 1,
    'message.append duplicate': 1,
    'message.append auth_failed': 2,
  });
  expect([...versionRetrievals.entries()]).toEqual([
    ['latest hit', 1],
    ['versions miss', 1],
  ]);
});

describe('GET versions', () => {
  it('pages in both directions, with the fragments of appends', async () => {
    for (const data of ['a', 'b', 'c']) await api.post(`${path}/append`, { data });
    for (const direction of ['oldest_first', 'newest_first']) {
      const seen: unknown[] = [];
      for (let cursor: string | null = null; ; ) {
        const { body } = await api.get(`${path}/versions`, {
          direction,
          limit: '2',
          ...(cursor !== null && { cursor }),
        });
        expect(body).toMatchObject({ channel: 'room', direction, limit: 2 });
        seen.push(...body.items.map(({ data }) => data));
        if (!body.has_more) {
          expect(body).not.toHaveProperty('next_cursor');
          break;
        }
        cursor = body.next_cursor;
      }
      const expected = ['one', 'a', 'b', 'c'];
      expect(seen).toEqual(direction === 'oldest_first' ? expected : expected.reverse());
    }
  });

  it('knows two words for a direction and serials for cursors', async () => {
    expect((await api.get(`${path}/versions`, { direction: 'forwards' })).status).toBe(400);
    expect((await api.get(`${path}/versions`, { cursor: 'a b' })).status).toBe(400);
    expect((await api.get(`${path}/versions`, { limit: 'x' })).status).toBe(400);
    expect((await api.get(`${path}/versions`, { limit: '1000' })).body.limit).toBe(10);
  });
});

describe('refusals', () => {
  it('of serials that cannot be, and of messages that are not', async () => {
    expect((await api.get(`/channels/room/messages/${'x'.repeat(129)}`)).status).toBe(400);
    expect((await api.get('/channels/room/messages/a%20b')).status).toBe(400);
    expect(await api.post('/channels/room/messages/nope/append', { data: 'x' })).toEqual({
      status: 404,
      body: { error: "Message 'nope' was not found in channel 'room'", code: 'not_found', status: 404 },
    });
  });

  it('of actors that are not whom they say, or may not', async () => {
    api.connections.set('1.1', { protocol: 2, userId: 'ann', capabilities: null });
    expect((await api.post(`${path}/append`, { data: 'x', socket_id: '9.9' })).status).toBe(401);
    expect(await api.post(`${path}/append`, { data: 'x', socket_id: '1.1' })).toMatchObject({
      status: 403,
      body: { code: 'mutable_not_permitted', ai_code: 93002 },
    });
    expect((await api.get(path)).body.item.action).toBe('create');
  });

  it('where messages are not mutable, or not kept', async () => {
    await api.close();
    api = await startApi({ versionsEnabled: false });
    for (const answer of [
      await api.get(path),
      await api.get(`${path}/versions`),
      await api.post(`${path}/update`, {}),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([422, 'feature_disabled']);
    }
    await api.close();
    const app = durableApp({ history: { enabled: false, rewindEnabled: false, retention } });
    api = await startApi({ app });
    expect((await api.post(`${path}/update`, { data: 'x' })).status).toBe(422);
    expect((await api.get(path)).status).toBe(404);
  });
});

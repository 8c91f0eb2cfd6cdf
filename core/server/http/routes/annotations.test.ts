// The routes of annotations over a real port: events, summaries, what is taken back, who may do it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookEndpoint } from '../../apps/app.ts';
import { type ApiCaller, durableApp, startApi } from '../../messages/testing/api-caller.ts';

const endpoint: WebhookEndpoint = {
  url: 'http://127.0.0.1/',
  eventTypes: ['annotation_created', 'annotation_deleted'],
  filter: null,
  headers: {},
  retry: { enabled: false, maxAttempts: null, maxElapsedMs: 0, initialBackoffMs: 0, maxBackoffMs: 0 },
  requestTimeoutMs: 0,
};
const LIKES = 'reactions:distinct.v1';
const like = (clientId: string) => ({ type: LIKES, name: 'like', clientId });

let api: ApiCaller;
let message: string;
let path: string;

beforeEach(async () => {
  api = await startApi({ app: durableApp({ webhooks: [endpoint] }) });
  message = await api.create(api.app, 'room', 'chat', 'one');
  path = `/channels/room/messages/${message}/annotations`;
});
afterEach(() => api.close());

/** The last summary that subscribers were sent. */
function summary(): unknown {
  const frame = api.delivered.findLast(({ event }) => event === 'sockudo_internal:message');
  return JSON.parse(frame?.data ?? 'null')?.annotations.summary;
}

describe('an annotation', () => {
  it('goes out as a summary for everybody, then raw for those who asked, then to the backend', async () => {
    const { status, body } = await api.post(path, { ...like('u1'), data: { src: 'web' }, encoding: 'json' });
    expect(status).toBe(200);
    expect(body).toEqual({ annotationSerial: expect.any(String) });
    const [total, raw] = api.delivered.slice(-2);
    expect(total?.event).toBe('sockudo_internal:message');
    expect(summary()).toEqual({ [LIKES]: { like: { total: 1, clientIds: ['u1'], clipped: false } } });
    expect(raw).toMatchObject({
      event: 'sockudo_internal:annotation',
      annotationModeOnly: true,
      messageId: body.annotationSerial,
      position: { serial: 2 },
    });
    expect(JSON.parse(raw?.data ?? '')).toEqual({
      action: 'annotation.create',
      id: expect.any(String),
      serial: body.annotationSerial,
      messageSerial: message,
      type: LIKES,
      name: 'like',
      clientId: 'u1',
      data: { src: 'web' },
      encoding: 'json',
      timestamp: expect.any(Number),
    });
    expect(api.webhooks.at(-1)).toEqual({
      name: 'annotation_created',
      channel: 'room',
      message_serial: message,
      annotation_serial: body.annotationSerial,
      annotation_type: LIKES,
    });
  });

  it('takes a number and is neither history nor a version of its message', async () => {
    await api.post(path, like('u1'));
    const history = (await api.get('/channels/room/history')).body;
    expect(history.items.map(({ serial }) => serial)).toEqual([1]);
    expect(history.continuity).toMatchObject({ retained_messages: 1, newest_available_serial: 1 });
    expect((await api.get('/channels/room/history/state')).body.stream.next_serial).toBe(3);
    expect((await api.get(`/channels/room/messages/${message}`)).body.item.action).toBe('create');
  });

  it('knows both spellings of client and socket', async () => {
    await api.post(path, { type: LIKES, name: 'like', client_id: 'u1' });
    expect(summary()).toMatchObject({ [LIKES]: { like: { clientIds: ['u1'] } } });
    expect(await api.post(path, { ...like('u1'), socket_id: '9.9' })).toMatchObject({
      status: 401,
      body: { error: "Annotation actor socket '9.9' is not connected" },
    });
  });

  it('is refused in the documented order', async () => {
    const refusal = async (to: string, body: object) => (await api.post(to, body)).body.error;
    const nowhere = '/channels/room/messages/nope/annotations';
    expect(await refusal(nowhere, { type: 'x', count: 0 })).toContain('count');
    expect(await refusal('/channels/room/messages/a%20b/annotations', { type: 'x' })).toContain('serial');
    expect(await refusal(nowhere, { type: 'x' })).toContain("Message 'nope' was not found");
    expect(await refusal(path, { type: 'x', socketId: '9.9' })).toContain('namespace:summarizer');
    expect(await refusal(path, { type: LIKES, socketId: '9.9' })).toContain('not connected');
    expect(await refusal(path, { type: LIKES })).toContain('name is required');
    expect(api.delivered).toHaveLength(1);
  });
});

describe('an annotation that is taken back', () => {
  it('leaves the summary, with an event of its own', async () => {
    const first = (await api.post(path, like('u1'))).body.annotationSerial;
    await api.post(path, like('u2'));
    const { status, body } = await api.del(`${path}/${first}`);
    expect([status, body.deletedAnnotationSerial]).toEqual([200, first]);
    expect(summary()).toEqual({ [LIKES]: { like: { total: 1, clientIds: ['u2'], clipped: false } } });
    const raw = JSON.parse(api.delivered.at(-1)?.data ?? '');
    expect(raw).toMatchObject({ action: 'annotation.delete', name: 'like', clientId: 'u1' });
    expect(raw).not.toHaveProperty('id');
    expect(api.webhooks.at(-1)).toMatchObject({
      name: 'annotation_deleted',
      annotation_serial: body.annotationSerial,
      deleted_annotation_serial: first,
    });
  });

  it('is taken back once, however often and by however many at a time', async () => {
    const first = (await api.post(path, { type: 'views:total.v1' })).body.annotationSerial;
    await api.post(path, { type: 'views:total.v1' });
    const answers = await Promise.all(Array.from({ length: 5 }, () => api.del(`${path}/${first}`)));
    const made = answers.map(({ body }) => body.annotationSerial).filter((serial) => serial !== first);
    expect(made).toHaveLength(1);
    const sent = api.delivered.length;
    expect((await api.del(`${path}/${first}`)).body).toEqual({
      annotationSerial: first,
      deletedAnnotationSerial: first,
    });
    expect(api.delivered).toHaveLength(sent);
    expect(summary()).toEqual({ 'views:total.v1': { total: 1 } });
  });

  it('must be there, be a create, and be of this message', async () => {
    const first = (await api.post(path, like('u1'))).body.annotationSerial;
    const other = await api.create(api.app, 'room', 'chat', 'two');
    const taken = (await api.del(`${path}/${first}`)).body.annotationSerial;
    expect(await api.del(`${path}/nope`)).toMatchObject({
      status: 404,
      body: { error: "Annotation 'nope' was not found in channel 'room'" },
    });
    expect((await api.del(`/channels/room/messages/${other}/annotations/${first}`)).status).toBe(404);
    expect((await api.del(`/channels/room/messages/nope/annotations/${first}`)).status).toBe(404);
    expect((await api.del(`${path}/${taken}`)).status).toBe(400);
  });
});

describe('GET annotations', () => {
  it('pages through the events, by type, from a serial on', async () => {
    for (const client of ['u1', 'u2', 'u3']) await api.post(path, like(client));
    await api.post(path, { type: 'views:total.v1' });
    const clients: unknown[] = [];
    for (let from: string | undefined; ; ) {
      const { body } = await api.get(path, {
        limit: '2',
        type: LIKES,
        ...(from !== undefined && { from_serial: from }),
      });
      expect(body).toMatchObject({ channel: 'room', messageSerial: message, limit: 2 });
      clients.push(...body.items.map(({ clientId }) => clientId));
      if (body.hasMore !== true) break;
      from = String(body.nextCursor);
    }
    expect(clients).toEqual(['u1', 'u2', 'u3']);
    expect((await api.get(path)).body.items).toHaveLength(4);
    expect((await api.get(path, { limit: '0' })).status).toBe(400);
    expect((await api.get('/channels/room/messages/nope/annotations')).body.items).toEqual([]);
  });
});

describe('capabilities of a connection', () => {
  const grants = (...operations: string[]) => ({
    source: 'token' as const,
    // CAST: the names of operations, as a token gives them.
    grants: new Map(operations.map((operation) => [operation as 'publish', ['*']])),
  });

  it('are asked for each action', async () => {
    const be = (...operations: string[]) =>
      api.connections.set('1.1', { protocol: 2, userId: 'ann', capabilities: grants(...operations) });
    const annotate = () => api.post(path, { type: LIKES, name: 'like', socketId: '1.1' });
    be('publish');
    expect(await annotate()).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    be('publish', 'annotation-publish');
    const own = (await annotate()).body.annotationSerial;
    expect(summary()).toMatchObject({ [LIKES]: { like: { clientIds: ['ann'] } } });
    expect((await api.get(path, { socket_id: '1.1' })).status).toBe(403);
    be('subscribe', 'annotation-subscribe');
    expect((await api.get(path, { socket_id: '1.1' })).status).toBe(200);
    const foreign = (await api.post(path, like('bob'))).body.annotationSerial;
    be('annotation-delete-own');
    expect((await api.del(`${path}/${foreign}`, { socket_id: '1.1' })).status).toBe(403);
    expect((await api.del(`${path}/${own}`, { socket_id: '1.1' })).status).toBe(200);
    be('annotation-delete-any');
    expect((await api.del(`${path}/${foreign}`, { socket_id: '1.1' })).status).toBe(200);
  });
});

describe('where there are no annotations', () => {
  it('the server says 422, a channel 403', async () => {
    await api.close();
    api = await startApi({ annotationsEnabled: false });
    expect(await api.post(path, {})).toMatchObject({ status: 422, body: { code: 'feature_disabled' } });
    await api.close();
    api = await startApi({ app: durableApp({ annotationsEnabled: false }) });
    for (const answer of [await api.post(path, {}), await api.get(path), await api.del(`${path}/x`)]) {
      expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
    }
  });
});

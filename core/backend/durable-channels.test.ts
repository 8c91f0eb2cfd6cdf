import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sockudo, type SockudoOptions } from './index.ts';
import { startVerifyingServer, type VerifyingServer } from './testing/verifying-server.ts';

const app = { appId: 'my app', key: 'k-demo', secret: 's-demo-0001' };
const SERIAL = '00000000001770000000:n1:00000000000000000004';
const ROUTE = `/apps/my%20app/channels/room-1/messages/${encodeURIComponent(SERIAL)}`;
const ACK = {
  channel: 'room-1',
  message_serial: SERIAL,
  action: 'append',
  accepted: true,
  version_serial: 'v2',
  history_serial: 1,
  delivery_serial: 2,
  status: 'applied',
};
const PAGE = { items: [], direction: 'newest_first', limit: 2, has_more: false, next_cursor: null };

let server: VerifyingServer;
beforeEach(async () => {
  server = await startVerifyingServer(app);
});
afterEach(() => server.close());

const create = (options: Partial<SockudoOptions> = {}): Sockudo =>
  new Sockudo({ ...app, port: server.port, ...options });
const answers = (value: unknown) => server.queue({ status: 200, body: JSON.stringify(value) });
const bodyOf = (index: number): Record<string, unknown> => JSON.parse(server.seen[index]?.body ?? '');

describe('durable channels', () => {
  it('repeats a change with the same op_id, so that nothing is applied twice', async () => {
    server.queue('cut', { status: 503, headers: { 'retry-after': '0' } });
    answers(ACK);
    const ack = await create().appendMessage('room-1', SERIAL, { data: ' world' });
    expect(ack).toEqual(ACK);
    expect(server.seen.map(({ path, fault }) => [path, fault])).toEqual(
      Array.from({ length: 3 }, () => [`${ROUTE}/append`, '']),
    );
    expect(bodyOf(2)).toEqual({ data: ' world', op_id: expect.stringMatching(/^[\w-]{16}:0$/) });
    expect(bodyOf(0)).toEqual(bodyOf(2));
  });

  it('gives every change an op_id of its own, and leaves what it was given as it is', async () => {
    const sockudo = create();
    const params = { clear_fields: ['data'] as const };
    for (let call = 0; call < 2; call += 1) {
      answers(ACK);
      await sockudo.deleteMessage('room-1', SERIAL, params);
    }
    expect(bodyOf(0).op_id).not.toBe(bodyOf(1).op_id);
    expect(params).toEqual({ clear_fields: ['data'] });
  });

  it('does not repeat a change without an op_id, nor an annotation', async () => {
    const sockudo = create({ autoIdempotencyKey: false });
    server.queue({ status: 503 }, { status: 503 });
    await expect(sockudo.updateMessage('room-1', SERIAL, { data: 'x' })).rejects.toMatchObject({
      status: 503,
    });
    await expect(
      sockudo.publishAnnotation('room-1', SERIAL, { type: 'views:total.v1' }),
    ).rejects.toMatchObject({ status: 503 });
    expect(server.seen).toHaveLength(2);
  });

  it('follows cursors with the parameters of the first page', async () => {
    answers({ ...PAGE, has_more: true, next_cursor: 'next' });
    answers(PAGE);
    const page = await create().channelHistory('room-1', { limit: 2, start_serial: 5 });
    const second = await page.next();
    expect(second?.hasNext()).toBe(false);
    const queries = server.seen.map(({ query }) =>
      ['limit', 'start_serial', 'cursor'].map((n) => query.get(n)),
    );
    expect(queries).toEqual([
      ['2', '5', null],
      ['2', '5', 'next'],
    ]);
    expect(JSON.parse(JSON.stringify(page))).toEqual({ ...PAGE, has_more: true, next_cursor: 'next' });
  });

  it('confirms what it cuts', async () => {
    answers({ ok: true, stream: {} });
    await create().purgeChannelHistory('room-1', { mode: 'all', reason: 'asked for' });
    expect(bodyOf(0)).toEqual({
      confirm_channel: 'room-1',
      confirm_operation: 'purge',
      mode: 'all',
      reason: 'asked for',
    });
  });

  it.each<[string, () => unknown]>([
    ['a channel', () => create().channelHistory('a b')],
    ['a serial', () => create().getMessage('a', '')],
    ['a serial that is a path', () => create().getMessageVersions('a', '..')],
    ['an annotation serial', () => create().deleteAnnotation('a', SERIAL, '')],
    ['a channel without presence', () => create().channelPresenceHistory('a')],
    ['a channel without presence', () => create().channelPresenceSnapshot('a')],
  ])('throws on %s before anything is sent', (_, call) => {
    expect(call).toThrow(TypeError);
    expect(server.seen).toHaveLength(0);
  });

  it('reads a message that a client published as an object', async () => {
    const version = { serial: SERIAL, timestamp_ms: 1 };
    const item = { event: 'sockudo:message.create', channel: 'room-1', data: { a: 1 }, serial: 1, version };
    answers({ channel: 'room-1', item: { ...item, action: 'create', message_serial: SERIAL } });
    expect((await create().getMessage('room-1', SERIAL)).item.data).toEqual({ a: 1 });
  });

  it('refuses an answer of another kind', async () => {
    server.queue({ status: 200, body: '{"ok":true}' });
    await expect(create().getMessage('room-1', SERIAL)).rejects.toThrow('has an unknown form');
  });
});

// The backend SDK's methods of durable channels against a whole server on its embedded store.
import { randomUUID } from 'node:crypto';
import Sockudo, { type MessageVersion, SockudoRequestError } from 'sockudo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

let server: TestServer;
let sockudo: Sockudo;
beforeAll(async () => {
  server = await startTestServer({
    config: { annotations: { enabled: true }, presence_history: { enabled: true } },
    app: { policy: { channels: { annotations_enabled: true } } },
  });
  const { app, host, port } = server;
  sockudo = new Sockudo({ appId: app.id, key: app.key, secret: app.secret, host, port });
});
afterAll(() => server.close());

let channels = 0;
const fresh = (prefix = ''): string => `${prefix}room-${++channels}`;

/** Publishes and answers the serial of the message. */
async function create(channel: string, data: unknown): Promise<string> {
  const response = await sockudo.trigger(channel, 'note', data, { message_id: randomUUID() });
  const answer = await response.json();
  return answer.channels[channel].message_serial;
}

async function refusal(promise: Promise<unknown>): Promise<number | undefined> {
  const error = await promise.catch((reason: unknown) => reason);
  return error instanceof SockudoRequestError ? error.status : undefined;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('history', () => {
  it('goes through all pages in both directions', async () => {
    const channel = fresh();
    for (let n = 1; n <= 7; n += 1) await create(channel, `${n}`);
    for (const direction of ['oldest_first', 'newest_first'] as const) {
      const page = await sockudo.channelHistory(channel, { limit: 3, direction });
      expect(page.hasNext()).toBe(true);
      const serials = (await all(page)).map(({ serial }) => serial);
      expect(serials).toEqual(direction === 'oldest_first' ? [1, 2, 3, 4, 5, 6, 7] : [7, 6, 5, 4, 3, 2, 1]);
      const sizes = (await all(page.pages())).map(({ items }) => items.length);
      expect(sizes).toEqual([3, 3, 1]);
      const second = await page.next();
      const third = await second?.next();
      expect([third?.hasNext(), await third?.next()]).toEqual([false, null]);
    }
  });

  it('reads within bounds, and an empty channel', async () => {
    const channel = fresh();
    for (let n = 1; n <= 4; n += 1) await create(channel, `${n}`);
    const page = await sockudo.channelHistory(channel, { start_serial: 2, end_serial: 3, limit: 1 });
    expect((await all(page)).map(({ serial }) => serial)).toEqual([3, 2]);
    expect(await all(await sockudo.channelHistory(fresh()))).toEqual([]);
  });

  it('tells the state, purges and resets', async () => {
    const channel = fresh();
    for (let n = 1; n <= 4; n += 1) await create(channel, `${n}`);
    const { stream } = await sockudo.channelHistoryState(channel);
    expect(stream).toMatchObject({ next_serial: 5, retained: { retained_messages: 4 } });
    const purged = await sockudo.purgeChannelHistory(channel, {
      mode: 'before_serial',
      before_serial: 3,
      reason: 'a test',
    });
    expect(purged).toMatchObject({ purged_messages: 2, stream: { next_serial: 5 } });
    const cursor = (await sockudo.channelHistory(channel, { limit: 1 })).next_cursor ?? '';
    const reset = await sockudo.resetChannelHistory(channel, { reason: 'a test', requested_by: 'ann' });
    expect(reset).toMatchObject({ purged_messages: 2, requested_by: 'ann', stream: { next_serial: 1 } });
    expect(reset.new_stream_id).not.toBe(reset.previous_stream_id);
    expect(await refusal(sockudo.channelHistory(channel, { limit: 1, cursor }))).toBe(400);
  });
});

describe('messages', () => {
  it('are changed, read and listed', async () => {
    const channel = fresh();
    const serial = await create(channel, 'Hello');
    const appended = await sockudo.appendMessage(channel, serial, { data: ', world' });
    expect(appended).toMatchObject({ action: 'append', status: 'applied', message_serial: serial });
    await sockudo.updateMessage(channel, serial, {
      data: { text: 'edited' },
      name: 'letter',
      client_id: 'ann',
      description: 'typo',
      metadata: { by: 'ann' },
    });
    const { item } = await sockudo.getMessage(channel, serial);
    expect(item).toMatchObject({
      action: 'update',
      name: 'letter',
      data: '{"text":"edited"}',
      version: { client_id: 'ann', description: 'typo', metadata: { by: 'ann' } },
    });
    await sockudo.deleteMessage(channel, serial, { clear_fields: ['data'] });
    const page = await sockudo.getMessageVersions(channel, serial, { limit: 3, direction: 'oldest_first' });
    const versions: MessageVersion[] = await all(page);
    expect(versions.map(({ action, data }) => [action, data])).toEqual([
      ['create', 'Hello'],
      ['append', ', world'],
      ['update', '{"text":"edited"}'],
      ['delete', undefined],
    ]);
    expect((await sockudo.channelHistory(channel)).items).toMatchObject([
      { serial: 1, message: { action: 'delete', message_serial: serial } },
    ]);
  });

  it('take an own op_id once, and refuse it with other content', async () => {
    const channel = fresh();
    const serial = await create(channel, 'a');
    const first = await sockudo.appendMessage(channel, serial, { data: 'b', op_id: 'op-1' });
    const second = await sockudo.appendMessage(channel, serial, { data: 'b', op_id: 'op-1' });
    expect(second).toEqual({ ...first, status: 'duplicate' });
    expect(await refusal(sockudo.appendMessage(channel, serial, { data: 'c', op_id: 'op-1' }))).toBe(400);
    expect((await sockudo.getMessage(channel, serial)).item.data).toBe('ab');
    expect(await refusal(sockudo.getMessage(channel, 'nothing'))).toBe(404);
  });
});

describe('annotations', () => {
  it('are published, listed over pages and taken back once', async () => {
    const channel = fresh();
    const serial = await create(channel, 'a');
    const type = 'reactions:distinct.v1';
    const made: string[] = [];
    for (const clientId of ['ann', 'bob', 'cy']) {
      const answer = await sockudo.publishAnnotation(channel, serial, { type, name: 'like', clientId });
      made.push(answer.annotationSerial);
    }
    const target = made[1] ?? '';
    const deleted = await sockudo.deleteAnnotation(channel, serial, target);
    expect(deleted.deletedAnnotationSerial).toBe(target);
    const again = await sockudo.deleteAnnotation(channel, serial, target);
    expect(again).toEqual({ annotationSerial: target, deletedAnnotationSerial: target });
    const page = await sockudo.listAnnotations(channel, serial, { limit: 2 });
    expect((await all(page)).map(({ action, clientId }) => [action, clientId])).toEqual([
      ['annotation.create', 'ann'],
      ['annotation.create', 'bob'],
      ['annotation.create', 'cy'],
      ['annotation.delete', 'bob'],
    ]);
  });
});

describe('presence history', () => {
  it('tells who came and who was there, and is reset', async () => {
    const channel = fresh('presence-');
    const ann = await WireClient.connect(server);
    await ann.join(channel, 'ann');
    const bob = await WireClient.connect(server);
    await bob.join(channel, 'bob');
    await bob.close();
    await ann.next('member_removed');
    const page = await sockudo.channelPresenceHistory(channel, { limit: 2, direction: 'oldest_first' });
    const changes = (await all(page)).map(({ event, user_id }) => [event, user_id]);
    expect(changes).toEqual([
      ['member_added', 'ann'],
      ['member_added', 'bob'],
      ['member_removed', 'bob'],
    ]);
    const then = await sockudo.channelPresenceSnapshot(channel, { at_serial: 2 });
    expect(then.members.map(({ user_id }) => user_id)).toEqual(['ann', 'bob']);
    expect((await sockudo.channelPresenceSnapshot(channel)).member_count).toBe(1);
    const { stream } = await sockudo.channelPresenceState(channel);
    expect(stream.retained.retained_events).toBe(3);
    const reset = await sockudo.resetChannelPresenceHistory(channel, { reason: 'a test' });
    expect(reset.purged_events).toBe(3);
  });
});

describe('channelEvents', () => {
  it('is live, goes on after the last id, filters, and ends when it is told to', async () => {
    const channel = fresh('private-');
    const reading = new AbortController();
    const events = sockudo.channelEvents(channel, { signal: reading.signal });
    const next = async (event: string) => {
      for (;;) {
        const { value, done } = await events.next();
        if (done === true) throw new Error('the stream has ended');
        if (value.event === event) return value;
      }
    };
    await next('sockudo_internal:subscription_succeeded');
    await sockudo.trigger(channel, 'note', 'line\u2028separator');
    const live = await next('note');
    expect(JSON.parse(live.data)).toMatchObject({ channel, data: 'line\u2028separator', serial: 1 });
    reading.abort();
    await expect(events.next()).rejects.toThrow(reading.signal.reason);
    await create(channel, 'two');
    await sockudo.trigger(channel, 'other', 'three');
    const filter = { events: ['other'] };
    const resumed = sockudo.channelEvents(channel, { lastEventId: live.id, filter });
    const seen: string[] = [];
    for await (const { event, data } of resumed) {
      if (event.startsWith('sockudo')) continue;
      seen.push(JSON.parse(data).data);
      break;
    }
    expect(seen).toEqual(['three']);
  });

  it('rejects with the status of a refusal', async () => {
    expect(() => sockudo.channelEvents('*')).toThrow(TypeError);
    expect(await refusal(sockudo.channelEvents('room', { lastEventId: 'nonsense' }).next())).toBe(400);
  });
});

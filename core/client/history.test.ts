import { describe, expect, it } from 'vitest';
import { HistoryError } from './errors.ts';
import { HISTORY_TIMEOUT_MS, HISTORY_WAITING_MAX } from './history.ts';
import { type ConnectedClient, connectedClient } from './testing/connected-client.ts';
import { settled } from './testing/fake-runtime.ts';

const BOUNDS = { start_serial: null, end_serial: null, start_time_ms: null, end_time_ms: null };
const row = (serial: number) => ({
  stream_id: 's1',
  serial,
  message: { event: 'note', channel: 'room', data: `${serial}` },
});

const start = () => connectedClient({ protocolVersion: 2 });

function answer(on: ConnectedClient, channel: string, serials: readonly number[], more: object = {}): void {
  const data = { items: serials.map(row), has_more: false, next_cursor: null, bounds: BOUNDS, ...more };
  on.socket().receive({ event: 'sockudo:channel_history', channel, data });
}

const refuse = (on: ConnectedClient, message: string) =>
  on.socket().receive({ event: 'sockudo:error', data: { code: 4000, message } });

const asked = (on: ConnectedClient): unknown[] =>
  on
    .socket()
    .sentData('sockudo:channel_history')
    .map((data) => JSON.parse(String(data)));

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('history', () => {
  it('waits for the subscription and sends what was asked for', async () => {
    const on = start();
    const page = on.client.subscribe('room').history({ limit: 2, untilAttach: true, startSerial: 3 });
    expect(asked(on)).toEqual([]);
    on.acknowledge('room');
    expect(asked(on)).toEqual([{ channel: 'room', limit: 2, until_attach: true, start_serial: 3 }]);
    answer(on, 'room', [5, 4]);
    expect((await page).items.map(({ serial }) => serial)).toEqual([5, 4]);
    expect(on.runtime.timerCount).toBe(1);
  });

  it('goes on from the bound of the first page, also on another connection', async () => {
    const on = start();
    const first = on.client.subscribe('room').history({ untilAttach: true });
    on.acknowledge('room');
    answer(on, 'room', [5, 4], {
      has_more: true,
      next_cursor: 'c1',
      bounds: { ...BOUNDS, end_serial: 5, until_attach: true, attach_serial: 5 },
    });
    const page = await first;
    on.reconnect();
    on.acknowledge('room');
    const next = page.next();
    await settled();
    expect(asked(on)).toEqual([{ channel: 'room', end_serial: 5, cursor: 'c1' }]);
    answer(on, 'room', [3]);
    expect((await next)?.hasNext()).toBe(false);
  });

  it('iterates over the items of all pages', async () => {
    const on = start();
    const channel = on.client.subscribe('room');
    on.acknowledge('room');
    const reading = (async () => {
      const serials: unknown[] = [];
      for await (const { serial } of await channel.history()) serials.push(serial);
      return serials;
    })();
    await settled();
    answer(on, 'room', [3, 2], { has_more: true, next_cursor: 'c1' });
    await settled();
    answer(on, 'room', [1]);
    expect(await reading).toEqual([3, 2, 1]);
  });

  it('asks one at a time, in order', async () => {
    const on = start();
    const [a, b] = [on.client.subscribe('a'), on.client.subscribe('b')];
    on.acknowledge('a');
    on.acknowledge('b');
    const pages = [a.history(), b.history()];
    expect(asked(on)).toEqual([{ channel: 'a' }]);
    answer(on, 'b', [9]);
    answer(on, 'a', [1]);
    expect(asked(on)).toEqual([{ channel: 'a' }, { channel: 'b' }]);
    answer(on, 'b', [2]);
    expect((await Promise.all(pages)).map(({ items }) => items[0]?.serial)).toEqual([1, 2]);
  });

  it('asks again after a reconnect', async () => {
    const on = start();
    const page = on.client.subscribe('room').history();
    on.acknowledge('room');
    on.reconnect();
    expect(asked(on)).toEqual([]);
    on.acknowledge('room');
    expect(asked(on)).toEqual([{ channel: 'room' }]);
    answer(on, 'room', [1]);
    expect((await page).items).toHaveLength(1);
  });

  it('rejects with the refusal, and not with that of another frame', async () => {
    const on = start();
    const channel = on.client.subscribe('room');
    on.acknowledge('room');
    const refused = outcome(channel.history({ cursor: 'x' }));
    refuse(on, 'Client events are not enabled for this app');
    await settled();
    refuse(on, 'Invalid message format: Invalid history cursor: not base64url');
    expect(await refused).toMatchObject({ name: 'HistoryError', code: 4000 });
  });

  it('does not wait for ever, and takes a late answer for nobody’s', async () => {
    const on = start();
    const channel = on.client.subscribe('room');
    on.acknowledge('room');
    const late = outcome(channel.history());
    const timers = on.runtime.timerCount;
    on.runtime.advance(HISTORY_TIMEOUT_MS);
    expect(await late).toBeInstanceOf(HistoryError);
    expect(timers).toBe(2);
    const next = channel.history({ limit: 1 });
    expect(asked(on)).toHaveLength(1);
    answer(on, 'room', [1]);
    answer(on, 'room', [2]);
    expect((await next).items[0]?.serial).toBe(2);
  });

  it('ends with the subscription', async () => {
    const on = start();
    const channel = on.client.subscribe('room');
    on.acknowledge('room');
    const results = [outcome(channel.history()), outcome(channel.history())];
    on.client.unsubscribe('room');
    for (const result of await Promise.all(results)) expect(result).toBeInstanceOf(HistoryError);
  });

  it('bounds how many wait', async () => {
    const on = start();
    const channel = on.client.subscribe('room');
    const waiting = Array.from({ length: HISTORY_WAITING_MAX }, () => outcome(channel.history()));
    await expect(channel.history()).rejects.toThrow('Too many');
    on.acknowledge('room');
    on.client.unsubscribe('room');
    expect(await Promise.all(waiting)).toHaveLength(HISTORY_WAITING_MAX);
  });

  it('refuses an answer of another form', async () => {
    const on = start();
    const page = outcome(on.client.subscribe('room').history());
    on.acknowledge('room');
    on.socket().receive({ event: 'sockudo:channel_history', channel: 'room', data: { items: [1] } });
    expect(await page).toBeInstanceOf(HistoryError);
  });

  it('needs protocol 2 and a channel of its own', async () => {
    await expect(connectedClient().client.subscribe('room').history()).rejects.toThrow('protocolVersion 2');
    await expect(start().client.subscribe('room.*').history()).rejects.toThrow('pattern');
  });
});

describe('questions to the application', () => {
  const ENDPOINT = { endpoint: '/realtime/messages', headersProvider: () => ({ 'x-user': 'ann' }) };

  it('go to its endpoint as JSON', async () => {
    const on = connectedClient({ protocolVersion: 2, versionedMessages: ENDPOINT });
    const channel = on.client.subscribe('room');
    const version = channel.getMessageVersions('m1', { limit: 1 });
    await settled();
    const [request] = on.runtime.requests;
    expect(request?.url).toBe('/realtime/messages');
    expect(new Headers(request?.init.headers).get('x-user')).toBe('ann');
    expect(JSON.parse(String(request?.init.body))).toEqual({
      channel: 'room',
      messageSerial: 'm1',
      params: { limit: 1 },
      action: 'get_message_versions',
    });
    request?.answer(200, { has_more: true, next_cursor: 'v2', items: [] });
    const next = (await version).next();
    await settled();
    expect(JSON.parse(String(on.runtime.requests[1]?.init.body)).params).toEqual({ limit: 1, cursor: 'v2' });
    on.runtime.requests[1]?.answer(200, { has_more: false, items: [] });
    expect((await next)?.hasNext()).toBe(false);
  });

  it('reject without an endpoint, with a refusal, and with an answer of another form', async () => {
    const without = connectedClient({ protocolVersion: 2 }).client.subscribe('room');
    await expect(without.getMessage('m1')).rejects.toThrow('versionedMessages.endpoint');
    const on = connectedClient({ protocolVersion: 2, versionedMessages: ENDPOINT });
    const channel = on.client.subscribe('room');
    const results = [outcome(channel.getMessage('m1')), outcome(channel.deleteAnnotation('m1', 'a1'))];
    await settled();
    on.runtime.requests[0]?.answer(403, 'no');
    on.runtime.requests[1]?.answer(200, {});
    expect(await results[0]).toMatchObject({ name: 'EndpointError', status: 403 });
    expect(await results[1]).toMatchObject({ name: 'EndpointError', status: 200 });
  });
});

import { describe, expect, it } from 'vitest';
import type { HistoryPage } from './history.ts';
import { connectedClient } from './testing/connected-client.ts';
import {
  createOptions,
  eventsPage,
  getMutableMessageInfo,
  historyParams,
  type WholeEvent,
  wholeEvent,
} from './whole-events.ts';

const ai = (transport: object) => ({ ai: { transport } });

describe('a whole event', () => {
  it('has the value of JSON text, and keeps all else', () => {
    const frame = { event: 'ai-input', channel: 'c', data: '{"id":"u1"}', message_id: 'm', serial: 4 };
    expect(wholeEvent(frame)).toEqual({ ...frame, data: { id: 'u1' } });
    expect(wholeEvent({ event: 'ai-output', data: 'plain' })).toEqual({ event: 'ai-output', data: 'plain' });
  });

  it('keeps text that is streamed', () => {
    const frame = { event: 'sockudo:message.append', data: '42', extras: ai({ stream: 'true' }) };
    expect(wholeEvent(frame)).toEqual(frame);
    expect(wholeEvent({ ...frame, extras: ai({ stream: 'false' }) }).data).toBe(42);
  });
});

describe('a page of events', () => {
  const version = (message_serial: string, action: string, data: string, extras = {}) => ({
    message: {
      event: `sockudo:message.${action}`,
      channel: 'c',
      name: 'ai-output',
      message_serial,
      action,
      data,
      extras,
      version: { serial: `${message_serial}-v` },
    },
  });
  // CAST: what is read of a page.
  const page = (direction: string, items: object[], next: unknown = null) =>
    ({ direction, items, hasNext: () => next !== null, next: async () => next }) as unknown as HistoryPage;

  it('is in the order of happening, with the actions of live events', async () => {
    const streamed = ai({ stream: 'true' });
    const items = [version('m2', 'append', '[1]', streamed), version('m1', 'create', '[1]')];
    const newest = eventsPage(page('newest_first', items));
    expect(newest.items).toMatchObject([
      { message_serial: 'm1', action: 'message.create', data: [1], name: 'ai-output' },
      { message_serial: 'm2', action: 'message.update', data: '[1]' },
    ]);
    expect(eventsPage(page('oldest_first', items)).items).toMatchObject([
      { message_serial: 'm2' },
      { message_serial: 'm1' },
    ]);
  });

  it('leads to the next, and in the end to an empty one', async () => {
    const last = page('oldest_first', [{ message: { event: 'plain', channel: 'c', data: '1' } }]);
    const first = eventsPage(page('oldest_first', [], last));
    expect(first.hasNext()).toBe(true);
    const second = await first.next();
    expect(second.items).toEqual([{ event: 'plain', channel: 'c', data: 1 }]);
    expect(second.hasNext()).toBe(false);
    expect((await second.next()).items).toEqual([]);
  });

  it('is asked for with either spelling of the bounds', () => {
    const given = { limit: 5, start_serial: 1, end_serial: '2', until_attach: true };
    expect(historyParams(given)).toEqual({ limit: 5, startSerial: 1, endSerial: '2', untilAttach: true });
    expect(historyParams({ startTimeMs: 1, end_time_ms: 2 })).toEqual({ startTimeMs: 1, endTimeMs: 2 });
  });
});

describe('a create', () => {
  it('is known by its event where it tells one, since a message may be sent for more than once', () => {
    const extras = ai({ 'event-id': 'evt_1' });
    expect(createOptions({ name: 'ai-input', messageId: 'msg_1', extras })).toEqual({
      messageId: 'evt_1',
      extras,
    });
    expect(createOptions({ name: 'ai-input', messageId: 'msg_1' })).toEqual({ messageId: 'msg_1' });
    expect(createOptions({ name: 'ai-input', extras })).toEqual({ extras });
  });
});

describe('getMutableMessageInfo', () => {
  it('reads what the server says of a message that can change', () => {
    const headers = {
      sockudo_action: 'message.append',
      sockudo_message_serial: 's1',
      sockudo_version_serial: 'v2',
      sockudo_history_serial: 3,
      sockudo_version_timestamp_ms: 4,
    };
    expect(getMutableMessageInfo({ event: 'e', extras: { headers } })).toEqual({
      action: 'message.append',
      event: 'e',
      messageSerial: 's1',
      versionSerial: 'v2',
      historySerial: 3,
      versionTimestampMs: 4,
    });
    for (const extras of [undefined, {}, { headers: { sockudo_message_serial: 's1' } }]) {
      expect(getMutableMessageInfo({ event: 'e', extras })).toBeNull();
    }
  });
});

describe('handleEvent', () => {
  it('may be replaced, sees every event before the handlers, and may throw', () => {
    const { client, runtime, acknowledge } = connectedClient({ protocolVersion: 2 });
    const channel = client.subscribe('room');
    acknowledge('room');
    const seen: unknown[] = [];
    channel.handleEvent = (event: WholeEvent) => {
      seen.push(event);
      throw new Error('mine');
    };
    channel.bind('ai-input', (data) => seen.push(data));
    runtime.socket.receive({ event: 'ai-input', channel: 'room', data: '{"a":1}', serial: 7 });
    expect(seen).toEqual([{ event: 'ai-input', channel: 'room', data: { a: 1 }, serial: 7 }, '{"a":1}']);
    expect(runtime.reported).toMatchObject([{ message: 'mine' }]);
  });
});

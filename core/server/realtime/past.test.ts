// Subscribing to a channel that has a past: rewinds, summaries and raw annotations, and what a socket sees of mutations.
import { parsePublish } from '@sockudo/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryChannelLog } from '../memory/channel-log.ts';
import { StoreUnavailable } from '../ports/channel-log.ts';
import type { Frame, TestClient } from './testing/test-client.ts';
import { type TestRealtime, testRealtime } from './testing/test-realtime.ts';

let realtime: TestRealtime;

function start(app: object = {}, config: object = {}): void {
  realtime = testRealtime({
    app: { annotations_enabled: true, ...app },
    config: { annotations: { enabled: true }, history: { max_page_size: 5 }, ...config },
  });
}

beforeEach(() => start());
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

async function publish(event: string, data: string, more: object = {}): Promise<string> {
  const { publisher } = realtime.context;
  const request = parsePublish({ name: event, channel: 'room', data, info: '', ...more });
  const answer = JSON.parse(await publisher.publishEvent(realtime.app, request));
  return answer.channels.room.message_serial;
}

const append = (serial: string, text: string): Promise<string> =>
  realtime.context.mutations.change(realtime.app, 'room', serial, {
    kind: 'append',
    data: JSON.stringify(text),
  });

const annotate = (serial: string, type: string, clientId: string): Promise<string> =>
  realtime.context.annotations.create(realtime.app, 'room', serial, { type, name: 'like', clientId });

const v2 = (options: object = {}): TestClient => realtime.client({ protocol: 2, ...options });

/** Event, data and serial of each frame. */
const brief = (frames: readonly Frame[]): unknown[] =>
  frames.map(({ event, data, serial }) => [event.replace(/^sockudo(_internal)?:/, ''), data, serial]);

const flagsOf = (frames: readonly Frame[]): unknown => frames.at(-1)?.data;

describe('a rewind', () => {
  it('comes after the acknowledgement, oldest first, each message as it stands', async () => {
    const first = await publish('ev', 'one', { tags: { t: '1' } });
    await publish('ev', 'two');
    await append(first, '!');
    const frames = await v2().subscribe('room', { rewind: 5 });
    expect(brief(frames)).toEqual([
      ['subscription_succeeded', '{"attach_serial":3}', 3],
      ['message.update', 'one!', 3],
      ['message.create', 'two', 2],
      [
        'rewind_complete',
        {
          historical_count: 2,
          live_count: 0,
          complete: true,
          truncated_by_retention: false,
          truncated_by_limit: false,
        },
        undefined,
      ],
    ]);
    expect(frames[1]).not.toHaveProperty('tags');
    expect(brief(await v2({ appendMode: 'full' }).subscribe('room', { rewind: 5 }))[1]).toEqual([
      'message.append',
      'one!',
      3,
    ]);
  });

  it('lets through what the filter lets through live: by the publisher’s name, by tags, by expression', async () => {
    const first = await publish('goal', 'a', { tags: { league: 'A' } });
    await publish('card', 'b', { tags: { league: 'B' } });
    await publish('goal', 'c', { tags: { league: 'B' } });
    const shown = async (filter: object) => {
      const frames = await v2().subscribe('room', { rewind: 5, filter });
      return frames.slice(1, -1).map(({ data }) => data);
    };
    expect(await shown({ events: ['goal'] })).toEqual(['a', 'c']);
    expect(await shown({ tags: { key: 'league', cmp: 'eq', val: 'B' } })).toEqual(['b', 'c']);
    expect(await shown({ expression: "event == 'goal' && tags.league == 'B'" })).toEqual(['c']);
    await append(first, '!');
    expect(await shown({ events: ['goal'] })).toEqual(['a!', 'c']);
    const listener = v2();
    await listener.subscribe('room', { filter: { events: ['goal'] } });
    await append(first, '?');
    expect(brief(await listener.answers())).toEqual([['message.append', '?', 5]]);
  });

  it('looks through further pages for what a filter lets through', async () => {
    await publish('goal', 'first');
    for (let i = 0; i < 12; i += 1) await publish('card', `c${i}`);
    await publish('goal', 'last');
    const frames = await v2().subscribe('room', { rewind: 2, filter: { events: ['goal'] } });
    expect(frames.slice(1, -1).map(({ data }) => data)).toEqual(['first', 'last']);
    expect(flagsOf(frames)).toMatchObject({ historical_count: 2, complete: true });
  });

  it('says what it left out', async () => {
    for (let i = 1; i <= 7; i += 1) await publish('ev', `m${i}`);
    const rewound = async (rewind: unknown) => flagsOf(await v2().subscribe('room', { rewind }));
    const cut = { complete: false, truncated_by_limit: true, truncated_by_retention: false };
    expect(await rewound(3)).toMatchObject({ historical_count: 3, ...cut });
    expect(await rewound({ seconds: 60 })).toMatchObject({ historical_count: 5, ...cut });
    const admin = { reason: 'test', requestedBy: null };
    const purge = { ...admin, mode: 'before_serial' as const, beforeSerial: 4, beforeTimeMs: null };
    await realtime.context.history.purge(realtime.app, 'room', purge);
    const lost = { complete: true, truncated_by_limit: false, truncated_by_retention: true };
    expect(await rewound(5)).toMatchObject({ historical_count: 4, ...lost });
    expect(await rewound(4)).toMatchObject({ historical_count: 4, ...lost, truncated_by_retention: false });
    expect(await rewound({ seconds: 60 })).toMatchObject({ historical_count: 4, ...lost });
    await realtime.context.history.purge(realtime.app, 'room', { ...purge, mode: 'all', beforeSerial: null });
    expect(await rewound(5)).toMatchObject({ historical_count: 0, ...lost });
    expect(await rewound({ seconds: 60 })).toMatchObject({ historical_count: 0, complete: true });
  });

  it('of a pattern is empty, and needs what a rewind needs', async () => {
    await publish('ev', 'one');
    const frames = await v2().subscribe('ro*', { rewind: 5 });
    expect(frames.at(-1)).toMatchObject({
      event: 'sockudo:rewind_complete',
      channel: 'ro*',
      data: { historical_count: 0, complete: true },
    });
    await realtime.close();
    start({}, { history: { rewind_enabled: false } });
    const [refused] = await v2().subscribe('ro*', { rewind: 5 });
    expect(refused?.data).toEqual({
      code: 4300,
      message: "Channel error: Channel rewind is disabled by policy for channel 'ro*'",
    });
  });
});

describe('a store that fails', () => {
  it('leaves neither a subscription nor a member behind', async () => {
    const durableLog = createMemoryChannelLog();
    const failing = testRealtime({ drivers: { durableLog } });
    durableLog.rows = () => Promise.reject(new StoreUnavailable('test'));
    const client = failing.client({ protocol: 2 });
    const channelData = JSON.stringify({ user_id: 'ann' });
    const [refused] = await client.subscribe('presence-room', { channel_data: channelData, rewind: 1 });
    expect(refused?.event).toBe('sockudo:error');
    expect(client.connection.subscriptions.size).toBe(0);
    expect(await failing.context.presence.members(failing.app.id, 'presence-room')).toEqual([]);
    expect(failing.errors).toHaveLength(1);
    await failing.close();
  });
});

describe('a namespace that allows annotations', () => {
  it('keeps history for its channels, and for no others of an app that keeps none', async () => {
    await realtime.close();
    const channels = { channel_namespaces: [{ name: 'wall', annotations_enabled: true }] };
    const features = { enable_client_messages: true };
    const app = { enabled: true, policy: { features, history: { enabled: false }, channels } };
    realtime = testRealtime({
      config: {
        annotations: { enabled: true },
        connection_recovery: { enabled: false },
        app_manager: { array: { apps: [{ id: 'app', key: 'key', secret: 'secret', ...app }] } },
      },
    });
    const { publisher, annotations, history } = realtime.context;
    const client = v2();
    await client.subscribe('wall:1');
    await client.subscribe('plain');
    const request = parsePublish({ name: 'ev', channels: ['wall:1', 'plain'], data: 'x', info: '' });
    const answer = JSON.parse(await publisher.publishEvent(realtime.app, request)).channels;
    expect(answer['wall:1']).toMatchObject({ history_serial: 1 });
    expect(answer.plain).not.toHaveProperty('history_serial');
    const serial = answer['wall:1'].message_serial;
    await annotations.create(realtime.app, 'wall:1', serial, { type: 'views:total.v1' });
    expect(() => history.requireEnabled(realtime.app, 'plain')).toThrow('Durable history is disabled');
    expect(JSON.parse(await history.state(realtime.app, 'wall:1')).stream.next_serial).toBe(3);
    expect(await realtime.context.logs.head(realtime.app, 'plain')).toMatchObject({ serial: 0 });
    const [acknowledged] = await v2().subscribe('wall:1');
    expect(acknowledged).toMatchObject({ data: '{"attach_serial":2}', serial: 2 });
    const [other] = await v2().subscribe('plain');
    expect(other).toMatchObject({ data: '{}' });
  });
});

describe('mutations on a socket', () => {
  it('are fragments or whole texts by append_mode, and nothing on protocol 1', async () => {
    const clients = [v2(), v2({ appendMode: 'full' }), realtime.client({ protocol: 1 })];
    for (const client of clients) await client.subscribe('room');
    const serial = await publish('ev', 'one');
    await append(serial, ' two');
    await append(serial, ' three');
    const seen = await Promise.all(clients.map((client) => client.answers()));
    expect(seen.map((frames) => frames.map(({ data }) => data))).toEqual([
      ['one', ' two', ' three'],
      ['one', 'one two', 'one two three'],
      ['one'],
    ]);
  });
});

describe('annotations on a socket', () => {
  const LIKES = 'reactions:distinct.v1';
  const summary = (...clientIds: string[]) => ({
    [LIKES]: { like: { total: clientIds.length, clientIds, clipped: false } },
  });
  const summaryOf = (frame: Frame | undefined): unknown => {
    // CAST: data of a summary frame.
    return (frame?.data as { annotations?: { summary: unknown } } | undefined)?.annotations?.summary;
  };

  it('are summarised after the acknowledgement, or before it where a rewind follows', async () => {
    const serial = await publish('ev', 'one');
    await annotate(serial, LIKES, 'u1');
    const plain = await v2().subscribe('room');
    expect(plain.map(({ event }) => event)).toEqual([
      'sockudo_internal:subscription_succeeded',
      'sockudo_internal:message',
    ]);
    expect(plain[1]).toEqual({
      event: 'sockudo_internal:message',
      channel: 'room',
      data: { action: 'message.summary', serial, annotations: { summary: summary('u1') } },
      extras: { ephemeral: true },
    });
    const rewound = await v2().subscribe('room', { rewind: 1 });
    expect(rewound.map(({ event }) => event)).toEqual([
      'sockudo_internal:message',
      'sockudo_internal:subscription_succeeded',
      'sockudo:message.create',
      'sockudo:rewind_complete',
    ]);
    expect(await realtime.client({ protocol: 1 }).subscribe('room')).toHaveLength(1);
  });

  it('are raw for whoever asked and may; the serial in between is not seen by others', async () => {
    const raw = v2();
    await raw.signIn('ann', { capabilities: { 'annotation-subscribe': ['room'] } });
    await raw.subscribe('room', { modes: ['SUBSCRIBE', 'ANNOTATION_SUBSCRIBE'] });
    const other = v2();
    await other.subscribe('room');
    const serial = await publish('ev', 'one');
    const answer = JSON.parse(await annotate(serial, LIKES, 'u1'));
    const [, total, annotation] = await raw.answers();
    expect(summaryOf(total)).toEqual(summary('u1'));
    expect(annotation).toMatchObject({
      event: 'sockudo_internal:annotation',
      serial: 2,
      message_id: answer.annotationSerial,
      data: { action: 'annotation.create', messageSerial: serial, clientId: 'u1' },
    });
    expect(annotation).not.toHaveProperty('extras');
    expect((await other.answers()).map(({ event }) => event)).toEqual(['ev', 'sockudo_internal:message']);
    await raw.subscribe('room');
    await annotate(serial, LIKES, 'u2');
    expect((await raw.answers()).map(({ event }) => event)).toEqual(['sockudo_internal:message']);
  });

  it.each([
    [undefined, 4009, 'is not allowed to receive raw annotations for channel'],
    [{ subscribe: ['*'] }, 4009, 'is not allowed to annotation_subscribe channel'],
  ])('are refused with capabilities %j', async (capabilities, code, text) => {
    const client = v2();
    await client.signIn('ann', { capabilities });
    const [refused] = await client.subscribe('room', { modes: ['ANNOTATION_SUBSCRIBE'] });
    expect(refused?.data).toMatchObject({ code, message: expect.stringContaining(text) });
  });

  it('are refused where the channel has none', async () => {
    await realtime.close();
    start({ annotations_enabled: false });
    const [refused] = await v2().subscribe('room', { modes: ['ANNOTATION_SUBSCRIBE'] });
    expect(refused?.data).toMatchObject({ code: 4300 });
    expect(await v2().subscribe('room', { modes: ['OTHER'] })).toHaveLength(1);
  });
});

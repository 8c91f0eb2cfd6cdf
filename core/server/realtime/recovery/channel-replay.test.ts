/** One channel's recovery as its client sees it: what is replayed, from where, in which form, and every reason to refuse. */
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryChannelLog } from '../../memory/channel-log.ts';
import { StoreUnavailable } from '../../ports/channel-log.ts';
import type { DurableLog } from '../../ports/index.ts';
import type { TestClient } from '../testing/test-client.ts';
import { memoryDrivers, type TestRealtimeOptions } from '../testing/test-realtime.ts';
import { position, RecoveryBench, serialsOf } from './testing/resuming.ts';

const VOLATILE = { policy: { history: { enabled: false } } };

let bench: RecoveryBench;

function open(options: TestRealtimeOptions = {}): RecoveryBench {
  bench = new RecoveryBench(options);
  return bench;
}

afterEach(async () => {
  await bench.close();
});

/** A log of which one method fails. */
function failing(method: 'replay' | 'head' | 'state'): { readonly log: DurableLog; isFailing: boolean } {
  const log = createMemoryChannelLog();
  const state = {
    isFailing: false,
    log: new Proxy(log, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name === method && state.isFailing) return () => Promise.reject(new StoreUnavailable('no disk'));
        return member.bind(target);
      },
    }),
  };
  return state;
}

describe('what was missed', () => {
  it.each([
    ['from memory', 'hot', false],
    ['from the log after a restart', 'cold', true],
  ])('comes back %s as the very frames that others got live', async (_where, source, isForgotten) => {
    open();
    const live = bench.client();
    await live.subscribe('room');
    await bench.publish('room', '1');
    const from = await bench.head('room');
    await live.answers();
    await bench.publish('room', '{"n":2}', {
      tags: { k: 'v' },
      extras: { headers: { h: 1 } },
      message_id: 'm-2',
    });
    await bench.publish('room', '3');
    const sent = await live.answers();
    if (isForgotten) await bench.forget('room');
    const back = bench.client();
    await back.subscribe('room');
    const { messages, recovered } = await bench.resume(back, { room: position(from) });
    expect(messages).toEqual(sent);
    expect(recovered).toEqual([
      {
        channel: 'room',
        source,
        replayed: 2,
        position: { ...position(await bench.head('room')), last_message_id: sent[1]?.message_id },
      },
    ]);
  });

  it('includes changes of messages, and annotations for those who asked for them', async () => {
    open({
      app: { policy: { channels: { annotations_enabled: true } } },
      config: { annotations: { enabled: true } },
    });
    const { context, app } = bench.realtime;
    const annotated = async (): Promise<TestClient> => {
      const client = bench.client();
      const operations = ['subscribe', 'annotation-subscribe'] as const;
      const grants = new Map(operations.map((operation) => [operation, ['*']]));
      client.connection.capabilities = { source: 'token', grants };
      await client.subscribe('room', { modes: ['ANNOTATION_SUBSCRIBE'] });
      await client.answers();
      return client;
    };
    const from = await bench.head('room');
    const live = await annotated();
    await bench.publish('room', 'one');
    const messageSerial = bench.messageSerialOf((await live.answers())[0]);
    await context.mutations.change(app, 'room', messageSerial, { kind: 'append', data: '" more"' });
    await context.annotations.create(app, 'room', messageSerial, { type: 'likes:total.v1' });
    await context.mutations.change(app, 'room', messageSerial, { kind: 'delete', clear: new Set(['data']) });
    await live.answers();
    const sent = live.frames.filter(({ serial, event }) => serial !== undefined && !/succeeded/.test(event));
    expect(sent.map(({ event }) => event.split(':').at(-1))).toEqual([
      'tick',
      'message.append',
      'annotation',
      'message.delete',
    ]);
    await bench.forget('room');
    const { messages } = await bench.resume(await annotated(), { room: position(from) });
    expect(messages).toEqual(sent);
    const plain = bench.client();
    await plain.subscribe('room');
    const without = await bench.resume(plain, { room: position(from) });
    expect(without.messages).toEqual(sent.filter(({ event }) => !event.includes('annotation')));
    expect(without.recovered).toMatchObject([{ replayed: 3, position: { serial: 4 } }]);
  });

  it('is nothing for a client that is up to date, from memory and without it', async () => {
    open();
    await bench.publishMany('room', 2);
    const head = await bench.head('room');
    const back = bench.client();
    await back.subscribe('room');
    const nothing = { channel: 'room', replayed: 0, position: null };
    expect((await bench.resume(back, { room: position(head) })).recovered).toEqual([
      { ...nothing, source: 'hot' },
    ]);
  });

  it('takes serials as text', async () => {
    open();
    await bench.publishMany('room', 3);
    const { streamId } = await bench.head('room');
    const back = bench.client();
    await back.subscribe('room');
    const { messages } = await bench.resume(back, { room: { stream_id: streamId, serial: '1' } });
    expect(serialsOf(messages)).toEqual([2, 3]);
  });

  it('passes the filter, and what it keeps back is covered all the same', async () => {
    open();
    const from = await bench.head('room');
    await bench.publish('room', '1', { tags: { to: 'me' } });
    await bench.publish('room', '2', { tags: { to: 'you' } });
    const back = bench.client();
    await back.subscribe('room', { filter: { tags: { key: 'to', cmp: 'eq', val: 'me' } } });
    const { messages, recovered } = await bench.resume(back, { room: position(from) });
    expect(serialsOf(messages)).toEqual([1]);
    expect(recovered).toMatchObject([{ replayed: 1, position: { serial: 2 } }]);
  });

  it('is not sent to the connection that its publisher left out', async () => {
    open();
    const back = bench.client();
    await back.subscribe('room');
    const from = await bench.head('room');
    await bench.publish('room', '1', { socket_id: back.socketId });
    await bench.publish('room', '2');
    await back.answers();
    back.request('unsubscribe', { channel: 'room' });
    await back.subscribe('room');
    const { messages } = await bench.resume(back, { room: position(from) });
    expect(serialsOf(messages)).toEqual([2]);
  });

  it('is stripped for protocol 1, and refused changes of messages', async () => {
    open();
    const from = await bench.head('room');
    await bench.publish('room', '1', { tags: { a: 'b' } });
    const old = bench.client({ protocol: 1 });
    await old.subscribe('room');
    const { messages, order } = await bench.resume(old, { room: position(from) });
    expect(messages).toEqual([{ event: 'tick', channel: 'room', data: '1' }]);
    expect(order).toEqual(['tick', 'resume_success']);
  });

  it('is not doubled for who heard live messages between subscribing and resuming', async () => {
    open();
    await bench.publishMany('room', 2);
    const { streamId } = await bench.head('room');
    const back = bench.client();
    await back.subscribe('room');
    await bench.publish('room', '3');
    expect(serialsOf(await back.answers())).toEqual([3]);
    const { messages, recovered } = await bench.resume(back, { room: position({ streamId, serial: 1 }) });
    expect(serialsOf(messages)).toEqual([2]);
    expect(recovered).toMatchObject([{ replayed: 1, position: { serial: 3 } }]);
    expect((await bench.resume(back, { room: position({ streamId, serial: 3 }) })).recovered).toMatchObject([
      { replayed: 0, position: null },
    ]);
  });

  it('comes in order to a reader that takes it slowly, and never overruns its bounds', async () => {
    open({
      config: { websocket: { max_messages: 300 } },
      app: { policy: { connection_recovery: { max_buffer_size: 2000 } } },
    });
    await bench.publishMany('room', 1500);
    const { streamId } = await bench.head('room');
    const back = bench.client();
    await back.subscribe('room');
    await back.answers();
    back.socket.stall();
    back.request('resume', { channel_positions: { room: position({ streamId, serial: 0 }) } });
    await back.answers();
    expect(back.connection.isOpen).toBe(true);
    back.socket.resumeTaking();
    await back.answers();
    await back.answers();
    const serials = serialsOf(back.frames.filter(({ event }) => event === 'tick'));
    expect(serials).toEqual(Array.from({ length: 1500 }, (_, i) => i + 1));
    expect(back.frames.at(-1)?.event).toBe('sockudo:resume_success');
  });
});

describe('a gap that stays', () => {
  const failure = (code: string, reason: string, more: object = {}) => ({
    channel: 'room',
    code,
    reason,
    ...more,
  });

  async function failed(from: { streamId?: string; serial: number }): Promise<unknown> {
    const back = bench.client();
    await back.subscribe('room');
    const { streamId, serial } = from;
    const {
      failed: failures,
      recovered,
      messages,
    } = await bench.resume(back, {
      room: { ...(streamId !== undefined && { stream_id: streamId }), serial },
    });
    expect({ recovered, messages }).toEqual({ recovered: [], messages: [] });
    expect(failures).toHaveLength(1);
    return failures[0];
  }

  it('is one of more messages than the app allows', async () => {
    open({ app: { policy: { connection_recovery: { max_buffer_size: 3 } } } });
    const { streamId } = await bench.head('room');
    await bench.publishMany('room', 4);
    const expected = failure('position_expired', 'recovery_window_exceeded', {
      expected_stream_id: streamId,
      current_stream_id: streamId,
      newest_available_serial: 4,
    });
    expect(await failed({ streamId, serial: 0 })).toEqual({ ...expected, oldest_available_serial: 2 });
    await bench.realtime.context.logs
      .of(bench.realtime.app)
      ?.purge({ appId: 'app', channel: 'room' }, { serial: 2 });
  });

  it('is one of another stream, known from memory or from the log', async () => {
    open();
    await bench.publish('room', '1');
    const { streamId } = await bench.head('room');
    const unknown = { oldest_available_serial: null, newest_available_serial: null };
    const streams = { expected_stream_id: 'other', current_stream_id: streamId };
    expect(await failed({ streamId: 'other', serial: 0 })).toEqual(
      failure('stream_reset', 'stream_id_mismatch', { ...streams, ...unknown }),
    );
    const idle = bench.client();
    await idle.subscribe('idle');
    expect((await bench.resume(idle, { idle: { stream_id: 'other', serial: 0 } })).failed).toMatchObject([
      { code: 'stream_reset', reason: 'version_stream_id_mismatch' },
    ]);
  });

  it('is one that a reset left, also for who subscribed before it', async () => {
    open();
    await bench.publishMany('room', 2);
    const before = await bench.head('room');
    const early = bench.client();
    await early.subscribe('room');
    await bench.realtime.context.history.reset(bench.realtime.app, 'room', {
      reason: 'r',
      requestedBy: null,
    });
    expect(await failed({ ...before, serial: 1 })).toMatchObject({
      code: 'stream_reset',
      expected_stream_id: before.streamId,
      current_stream_id: (await bench.head('room')).streamId,
    });
    const { failed: failures } = await bench.resume(early, { room: position({ ...before, serial: 1 }) });
    expect(failures).toMatchObject([{ code: 'stream_reset' }]);
  });

  it('is one that a purge left, and what is purged is not replayed from memory (D42)', async () => {
    open();
    await bench.publishMany('room', 3);
    const { streamId } = await bench.head('room');
    const purge = {
      mode: 'before_serial' as const,
      beforeSerial: 3,
      beforeTimeMs: null,
      reason: 'r',
      requestedBy: null,
    };
    await bench.realtime.context.history.purge(bench.realtime.app, 'room', purge);
    expect(await failed({ streamId, serial: 1 })).toMatchObject({
      code: 'position_expired',
      reason: 'version_replay_floor_is_ahead_of_requested_serial',
      oldest_available_serial: 3,
      newest_available_serial: 3,
    });
    const back = bench.client();
    await back.subscribe('room');
    expect((await bench.resume(back, { room: position({ streamId, serial: 2 }) })).recovered).toMatchObject([
      { source: 'cold', replayed: 1 },
    ]);
  });

  it('is one of a position that no stream has reached', async () => {
    open();
    await bench.publish('room', '1');
    const { streamId } = await bench.head('room');
    expect(await failed({ streamId, serial: 9 })).toMatchObject(
      failure('continuity_unverifiable', 'position_ahead_of_version_stream', { newest_available_serial: 1 }),
    );
  });

  it('is one of a serial alone once memory does not vouch for it', async () => {
    open();
    await bench.publishMany('room', 2);
    const back = bench.client();
    await back.subscribe('room');
    expect((await bench.resume(back, { room: { serial: 1 } })).recovered).toMatchObject([
      { source: 'hot', replayed: 1 },
    ]);
    await bench.forget('room');
    expect(await failed({ serial: 1 })).toMatchObject(
      failure('continuity_unverifiable', 'legacy_serial_only_position_cannot_use_cold_recovery'),
    );
  });

  it('names history where messages have no versions, and memory where nothing is stored', async () => {
    open({ config: { versioned_messages: { enabled: false } } });
    await bench.publish('room', '1');
    const { streamId } = await bench.head('room');
    expect(await failed({ streamId, serial: 9 })).toMatchObject({
      reason: 'position_ahead_of_durable_stream',
    });
    await bench.close();
    open({ app: VOLATILE });
    await bench.publish('room', '1');
    const gone = failure('position_expired', 'hot_replay_expired_and_durable_history_disabled');
    expect(await failed({ ...(await bench.head('room')), serial: 9 })).toMatchObject(gone);
  });

  it('comes of a store that does not answer, and nothing is said to be recovered', async () => {
    const replay = failing('replay');
    open({ drivers: { ...memoryDrivers(), durableLog: replay.log } });
    await bench.publishMany('room', 2);
    const { streamId } = await bench.head('room');
    await bench.forget('room');
    replay.isFailing = true;
    expect(await failed({ streamId, serial: 1 })).toMatchObject(
      failure('persistence_unavailable', 'version_store_replay_failed'),
    );
    replay.isFailing = false;
    const back = bench.client();
    await back.subscribe('room');
    expect((await bench.resume(back, { room: position({ streamId, serial: 1 }) })).recovered).toHaveLength(1);
    expect(bench.realtime.errors).toHaveLength(1);
  });

  it('comes of a store that cannot even say where the channel is', async () => {
    const head = failing('head');
    open({ drivers: { ...memoryDrivers(), durableLog: head.log } });
    await bench.publish('feed.a', '1');
    const back = bench.client();
    await back.subscribe('feed.*');
    head.isFailing = true;
    const { failed: failures } = await bench.resume(back, { 'feed.a': { stream_id: 's', serial: 0 } });
    expect(failures).toMatchObject([
      { code: 'persistence_unavailable', reason: 'version_store_state_unavailable' },
    ]);
  });
});

/** Resume frames and the subscriptions that they need: who may have which channel replayed, when, and in which order. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { position, RecoveryBench, resumed, serialsOf } from '../recovery/testing/resuming.ts';

let bench: RecoveryBench;

beforeEach(() => {
  bench = new RecoveryBench();
});
afterEach(async () => {
  await bench.close();
});

const notSubscribed = (channel: string) => ({
  channel,
  code: 'continuity_unverifiable',
  reason: 'channel_not_subscribed',
  current_stream_id: null,
});

describe('resume', () => {
  it('is refused where the app has no recovery', async () => {
    await bench.close();
    bench = new RecoveryBench({ app: { policy: { connection_recovery: { enabled: false } } } });
    const client = bench.client();
    client.request('resume', { channel_positions: { a: { serial: 1 } } });
    expect(await client.answers()).toMatchObject([
      { event: 'sockudo:error', data: { code: 4301, message: 'Connection recovery is not enabled' } },
    ]);
  });

  it('fails each channel with a frame of its own, and ends with one answer for all', async () => {
    await bench.publishMany('a', 2);
    await bench.publishMany('b', 1);
    const client = bench.client();
    await client.subscribe('a');
    await client.subscribe('b');
    const { streamId } = await bench.head('a');
    client.request('resume', {
      channel_positions: { b: { stream_id: 'other', serial: 0 }, a: position({ streamId, serial: 1 }) },
    });
    const frames = await client.answers();
    expect(frames.map(({ event, channel }) => [event, channel])).toEqual([
      ['sockudo:resume_failed', 'b'],
      ['tick', 'a'],
      ['sockudo:resume_success', undefined],
    ]);
    const { recovered, failed } = resumed(frames);
    expect(recovered).toMatchObject([{ channel: 'a', source: 'hot', replayed: 1 }]);
    expect(failed).toMatchObject([{ channel: 'b', code: 'stream_reset' }]);
    expect(JSON.parse(String(frames[0]?.data))).toEqual(failed[0]);
  });

  it('counts what it did', async () => {
    await bench.publishMany('a', 1);
    const client = bench.client();
    await client.subscribe('a');
    await bench.resume(client, { a: position({ ...(await bench.head('a')), serial: 0 }) });
    await bench.resume(client, { a: { stream_id: 'x', serial: 0 } });
    const { historyRecoveries, historyRecoveryFailures } = client.connection.counters;
    expect(historyRecoveries).toEqual({ hot: 1, cold: 0 });
    expect([...historyRecoveryFailures.entries()]).toEqual([['stream_reset', 1]]);
  });
});

describe('a position before its subscribe (D33)', () => {
  it('waits: acknowledgement, replay, answer, then live messages', async () => {
    await bench.publishMany('private-a', 2);
    const { streamId } = await bench.head('private-a');
    const client = bench.client();
    client.request('resume', { channel_positions: { 'private-a': position({ streamId, serial: 1 }) } });
    expect(await client.answers()).toEqual([]);
    // In the turn of the subscribe, while it is being answered.
    const [frames] = await Promise.all([client.subscribe('private-a'), bench.publish('private-a', 'live')]);
    const { order, messages, recovered } = resumed(frames);
    expect(order).toEqual(['subscription_succeeded', 'tick', 'resume_success', 'tick']);
    expect(serialsOf(messages.slice(1))).toEqual([2, 3]);
    expect(recovered).toMatchObject([{ channel: 'private-a', replayed: 1, position: { serial: 2 } }]);
  });

  it('does not hold up channels that are settled, and the answer comes when the last one is', async () => {
    await bench.publishMany('a', 2);
    await bench.publishMany('b', 2);
    const a = await bench.head('a');
    const b = await bench.head('b');
    const client = bench.client();
    await client.subscribe('a');
    client.request('resume', {
      channel_positions: { b: position({ ...b, serial: 0 }), a: position({ ...a, serial: 0 }) },
    });
    expect(resumed(await client.answers()).order).toEqual(['tick', 'tick']);
    await bench.publish('a', 'live');
    expect(resumed(await client.answers()).order).toEqual(['tick']);
    const { order, recovered } = resumed(await client.subscribe('b'));
    expect(order).toEqual(['subscription_succeeded', 'tick', 'tick', 'resume_success']);
    expect(recovered.map(({ channel }) => channel)).toEqual(['a', 'b']);
  });

  it('fails when its subscribe is refused, and nothing of the channel is shown', async () => {
    await bench.publishMany('private-a', 2);
    const { streamId } = await bench.head('private-a');
    const client = bench.client();
    client.request('resume', { channel_positions: { 'private-a': position({ streamId, serial: 0 }) } });
    client.request('subscribe', { channel: 'private-a', auth: 'key:wrong' });
    const frames = await client.answers();
    expect(resumed(frames)).toMatchObject({
      messages: [],
      recovered: [],
      failed: [notSubscribed('private-a')],
    });
    expect(frames.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['sockudo:error', 'sockudo:resume_failed', 'sockudo:resume_success']),
    );
  });

  it('fails when no subscribe comes in time', async () => {
    const client = bench.client();
    client.request('resume', { channel_positions: { a: { stream_id: 's', serial: 0 } } });
    bench.realtime.advance(9_000);
    expect(await client.answers()).toEqual([]);
    bench.realtime.advance(2_000);
    const late = await client.answers();
    expect(resumed(late)).toMatchObject({
      order: ['resume_failed', 'resume_success'],
      failed: [{ ...notSubscribed('a'), expected_stream_id: 's' }],
    });
    // Who comes after that is a new subscriber.
    expect(resumed(await client.subscribe('a')).order).toEqual(['subscription_succeeded']);
  });

  it('is gone with its connection', async () => {
    const client = bench.client();
    client.request('resume', { channel_positions: { a: { stream_id: 's', serial: 0 } } });
    client.disconnect();
    bench.realtime.advance(20_000);
    expect(await client.answers()).toEqual([]);
  });

  it('finds room only up to a bound', async () => {
    const client = bench.client();
    const many = Object.fromEntries(Array.from({ length: 1100 }, (_, i) => [`c${i}`, { serial: 1 }]));
    client.request('resume', { channel_positions: many });
    expect(resumed(await client.answers()).order).toEqual(new Array(100).fill('resume_failed'));
    bench.realtime.advance(11_000);
    const { order, failed } = resumed(await client.answers());
    expect(order).toHaveLength(1001);
    expect(failed).toHaveLength(1100);
  });

  it('works for protocol 1, which is told no positions', async () => {
    await bench.publishMany('a', 2);
    const { streamId } = await bench.head('a');
    const client = bench.client({ protocol: 1 });
    client.request('resume', { channel_positions: { a: position({ streamId, serial: 1 }) } });
    const { order } = resumed(await client.subscribe('a'));
    expect(order).toEqual(['subscription_succeeded', 'tick', 'resume_success']);
  });
});

describe('patterns', () => {
  it('let their public channels be recovered, and have no messages of their own', async () => {
    await bench.publishMany('feed.a', 2);
    const { streamId } = await bench.head('feed.a');
    const client = bench.client();
    await client.subscribe('feed.*');
    const { messages, recovered } = await bench.resume(client, {
      'feed.*': { stream_id: 'whatever', serial: 5 },
      'feed.a': position({ streamId, serial: 1 }),
    });
    expect(messages).toMatchObject([{ channel: 'feed.a', serial: 2 }]);
    expect(recovered).toMatchObject([
      { channel: 'feed.*', source: 'hot', replayed: 0, position: null },
      { channel: 'feed.a', replayed: 1 },
    ]);
  });

  it('do not cover private channels', async () => {
    await bench.publishMany('private-feed', 2);
    const client = bench.client();
    await client.subscribe('*feed');
    client.request('resume', {
      channel_positions: { 'private-feed': position(await bench.head('private-feed')) },
    });
    bench.realtime.advance(11_000);
    expect(resumed(await client.answers())).toMatchObject({
      messages: [],
      failed: [notSubscribed('private-feed')],
    });
  });

  it('settle the positions that wait for them', async () => {
    await bench.publishMany('feed.a', 2);
    const { streamId } = await bench.head('feed.a');
    const client = bench.client();
    client.request('resume', {
      channel_positions: { 'feed.a': position({ streamId, serial: 0 }), 'feed.*': { serial: 1 } },
    });
    await client.answers();
    const [frames] = await Promise.all([client.subscribe('feed.*'), bench.publish('feed.a', 'live')]);
    const { messages, recovered } = resumed(frames);
    expect(serialsOf(messages.slice(1))).toEqual([1, 2, 3]);
    expect(recovered).toHaveLength(2);
  });

  it('let a message through if any subscription of the connection does', async () => {
    const from = await bench.head('feed.a');
    await bench.publish('feed.a', '1', { name: 'rise' });
    await bench.publish('feed.a', '2', { name: 'fall' });
    await bench.publish('feed.a', '3', { name: 'rest' });
    const client = bench.client();
    await client.subscribe('feed.*', { filter: { events: ['rise'] } });
    await client.subscribe('feed.a', { filter: { events: ['fall'] } });
    const { messages } = await bench.resume(client, { 'feed.a': position(from) });
    expect(serialsOf(messages)).toEqual([1, 2]);
  });
});

/** Positions and resume, seen through the client: what is sent after which frame, and what the application is told. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSerials, furtherPosition } from './positions.ts';
import { connectedClient } from './testing/connected-client.ts';
import { settled } from './testing/fake-runtime.ts';

function recovering(connectionRecovery = true) {
  const setup = connectedClient({
    protocolVersion: 2,
    connectionRecovery,
    channelAuthorization: { customHandler: async () => ({ auth: 'k:s' }) },
  });
  const { socket } = setup;
  const message = (channel: string, serial: number, more: object = {}) =>
    socket().receive({
      event: 'tick',
      channel,
      data: String(serial),
      message_id: `${channel}-${serial}`,
      stream_id: 's1',
      serial,
      ...more,
    });
  const at = (serial: number, stream_id = 's1') => ({ stream_id, serial });
  /** Positions of each resume frame on the latest socket. */
  const resumes = () =>
    socket()
      .sentData('sockudo:resume')
      .map((data) => JSON.parse(String(data)).channel_positions);
  const success = (data: object) =>
    socket().receive({
      event: 'sockudo:resume_success',
      data: JSON.stringify({ recovered: [], failed: [], ...data }),
    });
  const failures: unknown[] = [];
  setup.client.bind('sockudo:resume_failed', (failure) => failures.push(failure));
  return { ...setup, message, at, resumes, success, failures };
}

describe('positions', () => {
  it('come from acknowledgements and frames', () => {
    const { client, acknowledge, message, at } = recovering();
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    expect(client.getRecoveryPosition('a')).toEqual({ stream_id: 's1', serial: 41 });
    message('a', 42);
    expect(client.getRecoveryPosition('a')).toEqual({ stream_id: 's1', serial: 42, last_message_id: 'a-42' });
  });

  it('do not go back within a stream, and follow to a new one', () => {
    const { client, acknowledge, message, at } = recovering();
    client.subscribe('a', { rewind: 2 });
    acknowledge('a', {}, at(41));
    message('a', 40);
    expect(client.getRecoveryPosition('a')?.serial).toBe(41);
    message('a', 1, { stream_id: 's2' });
    expect(client.getRecoveryPosition('a')).toMatchObject({ stream_id: 's2', serial: 1 });
  });

  it('are gone with the subscription', () => {
    const { client, acknowledge, at } = recovering();
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    client.unsubscribe('a');
    expect(client.getRecoveryPosition('a')).toBeUndefined();
  });

  it('do not exist on protocol 7', () => {
    const { client, acknowledge } = connectedClient();
    client.subscribe('a');
    acknowledge('a', {}, { stream_id: 's', serial: 1 });
    expect(client.getRecoveryPosition('a')).toBeUndefined();
  });

  it('compare as numbers, also beyond 2^53', () => {
    const serial = fc.oneof(
      fc.nat(),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => value.toString()),
    );
    fc.assert(
      fc.property(serial, serial, (a, b) => {
        const expected = BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
        return Math.sign(compareSerials(a, b)) === expected;
      }),
    );
  });

  it('never go back in one stream, whatever arrives in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), (serials) => {
        const reached = serials
          .map((serial) => ({ stream_id: 's', serial }))
          .reduce<ReturnType<typeof furtherPosition>>(furtherPosition, undefined);
        return reached === undefined ? serials.length === 0 : reached.serial === Math.max(...serials);
      }),
    );
  });
});

describe('resume (D88)', () => {
  it('asks after the acknowledgement, with the position from before', async () => {
    const { client, acknowledge, message, at, reconnect, resumes } = recovering();
    client.subscribe('private-a');
    await settled();
    acknowledge('private-a', {}, at(41));
    message('private-a', 42);
    expect(resumes()).toEqual([]);
    reconnect();
    await settled();
    expect(resumes()).toEqual([]);
    acknowledge('private-a', {}, at(45));
    expect(resumes()).toEqual([
      { 'private-a': { stream_id: 's1', serial: 42, last_message_id: 'private-a-42' } },
    ]);
  });

  it('asks for each channel after its own acknowledgement, once', () => {
    const { client, acknowledge, at, reconnect, resumes } = recovering();
    for (const name of ['a', 'b', 'new']) client.subscribe(name);
    acknowledge('a', {}, at(1));
    acknowledge('b', {}, at(2));
    reconnect();
    acknowledge('b', {}, at(9));
    acknowledge('new', {}, at(9));
    acknowledge('a', {}, at(9));
    acknowledge('a', {}, at(9));
    expect(resumes()).toEqual([{ b: at(2) }, { a: at(1) }]);
  });

  it('asks nothing on the first connection, nor without the option', () => {
    const { client, acknowledge, at, reconnect, resumes } = recovering(false);
    client.subscribe('a');
    acknowledge('a', {}, at(1));
    reconnect();
    acknowledge('a', {}, at(9));
    expect(resumes()).toEqual([]);
    expect(client.getRecoveryPosition('a')?.serial).toBe(9);
  });

  it('delivers replayed messages once', () => {
    const { client, acknowledge, message, at, reconnect, success } = recovering();
    const seen: unknown[] = [];
    client.subscribe('a').bind('tick', (data) => seen.push(data));
    acknowledge('a', {}, at(41));
    message('a', 42);
    reconnect();
    acknowledge('a', {}, at(44));
    for (const serial of [42, 43, 44]) message('a', serial);
    success({ recovered: [{ channel: 'a', source: 'hot', replayed: 2, position: at(44) }] });
    message('a', 44);
    message('a', 45);
    expect(seen).toEqual([42, 43, 44, 45]);
    expect(client.getRecoveryPosition('a')?.serial).toBe(45);
  });

  it('keeps the old position until it is settled: a second loss asks for the same gap', () => {
    const { client, acknowledge, message, at, reconnect, resumes } = recovering();
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    reconnect();
    acknowledge('a', {}, at(50));
    message('a', 42);
    expect(client.getRecoveryPosition('a')?.serial).toBe(41);
    reconnect();
    acknowledge('a', {}, at(51));
    expect(resumes()).toEqual([{ a: at(41) }]);
  });

  it('takes the position covered, or keeps the old one when nothing was missed', () => {
    const { client, acknowledge, at, reconnect, success } = recovering();
    for (const name of ['a', 'b']) client.subscribe(name);
    acknowledge('a', {}, at(41));
    acknowledge('b', {}, at(7));
    reconnect();
    acknowledge('a', {}, at(50));
    acknowledge('b', {}, at(7));
    success({
      recovered: [
        { channel: 'a', position: at(48) },
        { channel: 'b', position: null },
      ],
    });
    expect(client.getRecoveryPosition('a')?.serial).toBe(48);
    expect(client.getRecoveryPosition('b')?.serial).toBe(7);
  });

  it.each([
    ['on the envelope', { channel: 'a' }, {}],
    ['in the data', {}, { channel: 'a' }],
    ['in both', { channel: 'a' }, { channel: 'a' }],
  ])('reads a failure whose channel is %s', (_where, envelope, inData) => {
    const { client, acknowledge, at, reconnect, socket, success, failures } = recovering();
    const onChannel: unknown[] = [];
    client.subscribe('a').bind('pusher:resume_failed', (failure) => onChannel.push(failure));
    acknowledge('a', {}, at(41));
    reconnect();
    acknowledge('a', {}, at(460));
    const data = { code: 'position_expired', reason: 'recovery_window_exceeded', ...inData };
    socket().receive({ event: 'sockudo:resume_failed', data: JSON.stringify(data), ...envelope });
    success({ failed: [{ channel: 'a', ...data }] });
    const failure = { channel: 'a', code: 'position_expired', reason: 'recovery_window_exceeded' };
    expect(failures).toEqual([failure]);
    expect(onChannel).toEqual([failure]);
    expect(client.getRecoveryPosition('a')).toEqual(at(460));
  });

  it('reads a failure that only the final frame tells of, as object too', () => {
    const { client, acknowledge, at, reconnect, socket, failures } = recovering();
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    reconnect();
    acknowledge('a', {}, at(460));
    socket().receive({
      event: 'sockudo:resume_success',
      data: { recovered: [], failed: [{ channel: 'a', code: 'stream_reset', reason: 'stream_id_mismatch' }] },
    });
    expect(failures).toEqual([{ channel: 'a', code: 'stream_reset', reason: 'stream_id_mismatch' }]);
  });

  it('counts as failed when the server has no recovery', () => {
    const { client, acknowledge, at, reconnect, socket, failures } = recovering();
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    reconnect();
    acknowledge('a', {}, at(50));
    const data = { code: 4301, message: 'Connection recovery is not enabled' };
    socket().receive({ event: 'sockudo:error', data });
    expect(failures).toEqual([
      { channel: 'a', code: 'continuity_unverifiable', reason: 'recovery_not_enabled' },
    ]);
    expect(client.getRecoveryPosition('a')).toEqual(at(50));
  });

  it('fills the gap in what was sent to the user', async () => {
    const user_data = '{"id":"u-7"}';
    const setup = connectedClient({
      protocolVersion: 2,
      connectionRecovery: true,
      userAuthentication: { customHandler: async () => ({ auth: 'k:u', user_data }) },
    });
    const signIn = async () => {
      await settled();
      setup.socket().receive({ event: 'sockudo:signin_success', data: { user_data } });
    };
    const name = '#server-to-user-u-7';
    setup.client.signin();
    await signIn();
    setup.acknowledge(name, {}, { stream_id: 's1', serial: 4 });
    setup.reconnect();
    await signIn();
    setup.acknowledge(name, {}, { stream_id: 's1', serial: 6 });
    expect(setup.socket().sentData('sockudo:resume')).toEqual([
      JSON.stringify({ channel_positions: { [name]: { stream_id: 's1', serial: 4 } } }),
    ]);
  });

  it('leaves nothing behind for a channel that was left while a frame was under way', () => {
    const { client, acknowledge, message, at, reconnect, resumes } = recovering();
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    client.unsubscribe('a');
    message('a', 42);
    expect(client.getRecoveryPosition('a')).toBeUndefined();
    reconnect();
    client.subscribe('a');
    acknowledge('a', {}, at(50));
    expect(resumes()).toEqual([]);
  });

  it('tells the pattern whose channel could not be resumed', () => {
    const { client, acknowledge, message, reconnect, socket } = recovering();
    const failed: unknown[] = [];
    client.subscribe('prices.*').bind('sockudo:resume_failed', ({ channel }) => failed.push(channel));
    acknowledge('prices.*');
    message('prices.eur', 8);
    reconnect();
    acknowledge('prices.*');
    socket().receive({
      event: 'sockudo:resume_failed',
      channel: 'prices.eur',
      data: '{"code":"position_expired"}',
    });
    expect(failed).toEqual(['prices.eur']);
  });

  it('asks for the channels a pattern brought after the pattern is acknowledged', () => {
    const { client, acknowledge, message, at, reconnect, resumes } = recovering();
    client.subscribe('prices.*');
    client.subscribe('prices.usd');
    acknowledge('prices.*');
    acknowledge('prices.usd', {}, at(3));
    message('prices.eur', 8);
    reconnect();
    acknowledge('prices.*');
    expect(resumes()).toEqual([{ 'prices.eur': { ...at(8), last_message_id: 'prices.eur-8' } }]);
    acknowledge('prices.usd', {}, at(3));
    expect(resumes()[1]).toEqual({ 'prices.usd': at(3) });
    client.unsubscribe('prices.*');
    expect(client.getRecoveryPosition('prices.eur')).toBeUndefined();
    expect(client.getRecoveryPosition('prices.usd')).toBeDefined();
  });
});

describe('live messages while a gap is being filled', () => {
  /** Back with a gap: read to 41, acknowledged at 44. */
  function behind() {
    const setup = recovering();
    const seen: unknown[] = [];
    setup.client.subscribe('a').bind('tick', (data) => seen.push(data));
    setup.acknowledge('a', {}, setup.at(41));
    setup.reconnect();
    setup.acknowledge('a', {}, setup.at(44));
    return { ...setup, seen, recovered: (serial: number) => ({ channel: 'a', position: setup.at(serial) }) };
  }

  it('wait for what was missed, and follow in order', () => {
    const { message, success, seen, client, recovered } = behind();
    message('a', 46);
    message('a', 45);
    for (const serial of [42, 43, 44]) message('a', serial);
    expect(seen).toEqual([42, 43, 44]);
    success({ recovered: [recovered(44)] });
    expect(seen).toEqual([42, 43, 44, 45, 46]);
    expect(client.getRecoveryPosition('a')?.serial).toBe(46);
  });

  it('come once, although the replay has them too', () => {
    const { message, success, seen, recovered } = behind();
    message('a', 45);
    for (const serial of [42, 43, 44, 45]) message('a', serial);
    success({ recovered: [recovered(45)] });
    expect(seen).toEqual([42, 43, 44, 45]);
  });

  it('follow the failure when the gap stays', () => {
    const { message, socket, seen, client } = behind();
    client.bind('sockudo:resume_failed', ({ code }) => seen.push(code));
    message('a', 45);
    socket().receive({ event: 'sockudo:resume_failed', channel: 'a', data: '{"code":"position_expired"}' });
    expect(seen).toEqual(['position_expired', 45]);
    expect(client.getRecoveryPosition('a')?.serial).toBe(45);
  });

  it('count as unread when the connection is lost before their turn', () => {
    const { message, success, seen, acknowledge, at, reconnect, resumes, recovered } = behind();
    message('a', 45);
    reconnect();
    acknowledge('a', {}, at(45));
    expect(resumes()).toEqual([{ a: at(41) }]);
    for (const serial of [42, 43, 44, 45]) message('a', serial);
    success({ recovered: [recovered(45)] });
    expect(seen).toEqual([42, 43, 44, 45]);
  });

  it('do not wait on other channels, nor without a position', () => {
    const { client, acknowledge, at, message, socket, seen } = behind();
    client.subscribe('b').bind('tick', (data) => seen.push(`b${data}`));
    acknowledge('b', {}, at(7));
    message('b', 8);
    socket().receive({ event: 'tick', channel: 'a', data: 'ephemeral' });
    expect(seen).toEqual(['b8', 'ephemeral']);
  });

  it('of channels that a pattern brings wait all, because it is told no position', () => {
    const { client, acknowledge, message, at, reconnect, success } = recovering();
    const seen: unknown[] = [];
    client.subscribe('prices.*').bind('tick', (data) => seen.push(data));
    acknowledge('prices.*');
    message('prices.eur', 8);
    reconnect();
    acknowledge('prices.*');
    for (const serial of [11, 9, 10]) message('prices.eur', serial);
    expect(seen).toEqual([8]);
    success({ recovered: [{ channel: 'prices.eur', position: at(11) }] });
    expect(seen).toEqual([8, 9, 10, 11]);
  });

  it('do not wait for a server that never answers', () => {
    const { message, seen, runtime, success, client, recovered } = behind();
    message('a', 45);
    runtime.advance(15_000);
    message('a', 46);
    expect(seen).toEqual([45, 46]);
    success({ recovered: [recovered(46)] });
    expect(client.getRecoveryPosition('a')?.serial).toBe(46);
  });

  it('do not wait without end of number', () => {
    const { message, seen } = behind();
    for (let serial = 45; serial < 45 + 1_001; serial += 1) message('a', serial);
    expect(seen).toHaveLength(1_001);
    expect(seen).toEqual(seen.toSorted((a, b) => Number(a) - Number(b)));
  });

  it('are not delivered to a channel that was left meanwhile', () => {
    const { message, seen, client, success, recovered, runtime } = behind();
    message('a', 45);
    client.unsubscribe('a');
    success({ recovered: [recovered(44)] });
    runtime.advance(20_000);
    expect(seen).toEqual([]);
  });
});

describe('rewind and resume', () => {
  const complete = (channel: string) => ({ event: 'sockudo:rewind_complete', channel, data: {} });

  it('does not rewind where it resumes, and rewinds when that fails', () => {
    const { client, acknowledge, at, reconnect, socket, subscribes } = recovering();
    client.subscribe('a', { rewind: 5 });
    acknowledge('a', {}, at(41));
    socket().receive(complete('a'));
    reconnect();
    expect(subscribes()).toEqual([{ auth: '', channel: 'a' }]);
    acknowledge('a', {}, at(460));
    socket().receive({
      event: 'sockudo:resume_failed',
      channel: 'a',
      data: '{"code":"position_expired","reason":"x"}',
    });
    expect(subscribes()).toEqual([
      { auth: '', channel: 'a' },
      { auth: '', channel: 'a', rewind: 5 },
    ]);
  });

  it('rewinds again when the loss came before the rewind was complete', () => {
    const { client, acknowledge, at, reconnect, subscribes, resumes } = recovering();
    client.subscribe('a', { rewind: 5 });
    acknowledge('a', {}, at(41));
    reconnect();
    expect(subscribes()).toEqual([{ auth: '', channel: 'a', rewind: 5 }]);
    acknowledge('a', {}, at(41));
    expect(resumes()).toEqual([]);
  });

  it('shows rewound messages again to who subscribes anew', () => {
    const { client, acknowledge, message, at } = recovering();
    client.subscribe('a');
    acknowledge('a', {}, at(41));
    message('a', 42);
    client.unsubscribe('a');
    const seen: unknown[] = [];
    client.subscribe('a', { rewind: 1 }).bind('tick', (data) => seen.push(data));
    acknowledge('a', {}, at(42));
    message('a', 42);
    expect(seen).toEqual([42]);
  });
});

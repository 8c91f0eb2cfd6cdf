import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Departure, PresenceLeaves } from './presence-leaves.ts';
import { type TestRealtime, testRealtime } from './testing/test-realtime.ts';

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime({
    config: { presence: { ungraceful_timeout_seconds: 0, v2_ungraceful_timeout_seconds: 15 } },
  });
});
afterEach(() => realtime.close());

describe('departures', () => {
  const departure = (): Departure => ({
    app: realtime.app,
    channel: 'presence-x',
    socketId: '1.1',
    cause: 'disconnect',
  });

  it('without a grace count at once', () => {
    const leave = vi.fn();
    new PresenceLeaves(realtime.context.wheel, leave).leave(departure(), 0);
    expect(leave).toHaveBeenCalledExactlyOnceWith(departure());
  });

  it('with a grace are held for it and then called a timeout', () => {
    const leave = vi.fn();
    new PresenceLeaves(realtime.context.wheel, leave).leave(departure(), 15_000);
    realtime.advance(14_000);
    expect(leave).not.toHaveBeenCalled();
    realtime.advance(2000);
    realtime.advance(60_000);
    expect(leave).toHaveBeenCalledExactlyOnceWith({ ...departure(), cause: 'timeout' });
  });

  it('that are held go at shutdown, each once', () => {
    const leave = vi.fn();
    const leaves = new PresenceLeaves(realtime.context.wheel, leave);
    leaves.leave(departure(), 15_000);
    leaves.leave({ ...departure(), socketId: '2.1' }, 15_000);
    leaves.close();
    leaves.close();
    realtime.advance(60_000);
    expect(leave.mock.calls.map(([{ socketId }]) => socketId)).toEqual(['1.1', '2.1']);
  });
});

describe('members that go', () => {
  async function roomOf(protocol: 1 | 2) {
    const [stays, goes] = [realtime.client(), realtime.client({ protocol })];
    await stays.join('presence-room', 'stays');
    await goes.join('presence-room', 'goes');
    await stays.answers();
    return { stays, goes };
  }
  const removed = {
    event: 'pusher_internal:member_removed',
    channel: 'presence-room',
    data: '{"user_id":"goes"}',
  };

  it.each([
    ['protocol 1, without a Close', 1, false],
    ['protocol 1, with one', 1, true],
    ['protocol 2, with one', 2, true],
  ] as const)('%s: are removed at once', async (_, protocol, cleanly) => {
    const { stays, goes } = await roomOf(protocol);
    goes.disconnect({ cleanly });
    expect(await stays.answers()).toEqual([removed]);
  });

  it('protocol 2, without a Close: are removed when the grace is over', async () => {
    const { stays, goes } = await roomOf(2);
    goes.disconnect();
    realtime.advance(14_000);
    expect(await stays.answers()).toEqual([]);
    realtime.advance(2000);
    expect(await stays.answers()).toEqual([removed]);
  });

  it('by unsubscribing, are removed at once on both protocols', async () => {
    const { stays, goes } = await roomOf(2);
    goes.request('unsubscribe', { channel: 'presence-room' });
    expect(await stays.answers()).toEqual([removed]);
  });

  it('and come back during the grace are not announced in any way', async () => {
    const { stays, goes } = await roomOf(2);
    goes.disconnect();
    const back = realtime.client({ protocol: 2 });
    await back.join('presence-room', 'goes');
    realtime.advance(60_000);
    expect(await stays.answers()).toEqual([]);
    back.disconnect({ cleanly: true });
    expect(await stays.answers()).toEqual([removed]);
  });

  it('D24: leave under the id they joined with, whatever they were called later', async () => {
    const { stays, goes } = await roomOf(1);
    await goes.signIn('another-name');
    goes.disconnect();
    expect(await stays.answers()).toEqual([removed]);
    expect(await realtime.context.presence.members('app', 'presence-room')).toEqual([
      { userId: 'stays', info: '{}' },
    ]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Liveness, type LivenessTimes, SignInDeadline } from './liveness.ts';
import type { TestClient } from './testing/test-client.ts';
import { type TestRealtime, testRealtime } from './testing/test-realtime.ts';

const SECOND = 1000;
const TIMES: LivenessTimes = {
  activityTimeoutMs: 120 * SECOND,
  nativePingAfterMs: 60 * SECOND,
  idleTimeoutMs: 120 * SECOND,
};

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime();
});
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

function watched(protocol: 1 | 2, times: LivenessTimes = TIMES): TestClient {
  const client = realtime.client({ protocol });
  new Liveness(client.connection, realtime.context.wheel, times);
  return client;
}

/** Second by second, as the wheel does it. */
function pass(seconds: number, each: (second: number) => void = () => {}): void {
  for (let second = 1; second <= seconds; second += 1) {
    realtime.advance(SECOND);
    each(second);
  }
}

describe('protocol 1', () => {
  it('is probed with a ping frame after the activity timeout', async () => {
    const client = watched(1);
    pass(119);
    expect(await client.answers()).toEqual([]);
    pass(2);
    expect(await client.answers()).toEqual([{ event: 'pusher:ping' }]);
    expect(client.webSocket.pings).toEqual([]);
  });

  it('is closed with 4201 when nothing comes within 30 seconds', async () => {
    const client = watched(1);
    pass(121 + 31);
    expect(await client.answers()).toEqual([
      { event: 'pusher:ping' },
      { event: 'pusher:error', data: { code: 4201, message: 'Pong reply not received in time' } },
    ]);
    expect(client.webSocket.closed).toEqual({ code: 4201, reason: 'Pong reply not received in time' });
  });

  it.each([
    ['pong', '{"event":"pusher:pong"}'],
    ['any other event', '{"event":"pusher:unsubscribe","data":{"channel":"x"}}'],
    ['a frame that is nonsense', '{'],
  ])('D6: stays when %s comes while a probe is open', (_, frame) => {
    const client = watched(1);
    pass(121 + 20);
    client.receive(frame);
    pass(60);
    expect(client.connection.isOpen).toBe(true);
  });

  it('is never probed as long as something comes in', async () => {
    const client = watched(1);
    pass(600, (second) => {
      if (second % 100 === 0) client.receive('{"event":"pusher:pong"}');
    });
    expect(await client.answers()).toEqual([]);
  });

  it('is probed again after each answer', async () => {
    const client = watched(1);
    pass(500, () => {
      // Answers to what was sent in this second come in the next one.
      client.connection.outbox.flush();
      const pings = client.frames.filter(({ event }) => event === 'pusher:ping').length;
      if (pings > client.connection.counters.wsMessagesReceived) client.receive('{"event":"pusher:pong"}');
    });
    const pings = client.frames.filter(({ event }) => event === 'pusher:ping').length;
    expect(pings).toBeGreaterThanOrEqual(4);
    expect(client.connection.isOpen).toBe(true);
  });

  it('has no idle limit', () => {
    const client = watched(1, { ...TIMES, idleTimeoutMs: 10 * SECOND });
    pass(100);
    expect(client.connection.isOpen).toBe(true);
  });
});

describe('protocol 2', () => {
  it('is probed with a native ping of eight bytes', async () => {
    const client = watched(2);
    pass(61);
    expect(client.webSocket.pings).toEqual([expect.objectContaining({ length: 8 })]);
    expect(await client.answers()).toEqual([]);
  });

  it('is closed with 4201 and no error frame when nothing comes (D4)', async () => {
    const client = watched(2);
    pass(61 + 31);
    expect(client.webSocket.closed).toEqual({ code: 4201, reason: 'Pong reply not received in time' });
    expect(await client.answers()).toEqual([]);
  });

  it.each([
    ['where it is not probed', Number.POSITIVE_INFINITY, 120],
    ['while a probe is open', 60 * SECOND, 70],
    ['before it would be probed', 60 * SECOND, 50],
  ])(
    'is closed with 1001 and no error frame when it is silent for the idle time, %s (D4)',
    async (_, ping, idle) => {
      const client = watched(2, { ...TIMES, nativePingAfterMs: ping, idleTimeoutMs: idle * SECOND });
      pass(idle - 1);
      expect(client.connection.isOpen).toBe(true);
      pass(2);
      expect(client.webSocket.closed).toEqual({ code: 1001, reason: 'Idle timeout' });
      expect(await client.answers()).toEqual([]);
    },
  );

  it('is never closed where both times are off', () => {
    const never = Number.POSITIVE_INFINITY;
    const client = watched(2, { ...TIMES, nativePingAfterMs: never, idleTimeoutMs: never });
    pass(10_000);
    expect(client.connection.isOpen).toBe(true);
    expect(client.webSocket.pings).toEqual([]);
  });
});

it('nothing happens to a connection that is gone', async () => {
  const client = realtime.client();
  const liveness = new Liveness(client.connection, realtime.context.wheel, TIMES);
  liveness.close();
  pass(300);
  expect(await client.answers()).toEqual([]);
});

describe('the sign-in deadline', () => {
  it('closes with 4009 a connection that never said who it is', async () => {
    const client = realtime.client();
    client.connection.signInDeadline = new SignInDeadline(
      client.connection,
      realtime.context.wheel,
      10 * SECOND,
    );
    pass(12);
    const message = 'Connection not authorized within timeout.';
    expect(await client.answers()).toEqual([{ event: 'pusher:error', data: { code: 4009, message } }]);
    expect(client.webSocket.closed).toEqual({ code: 4009, reason: message });
  });

  it.each<[string, (client: TestClient) => Promise<unknown>]>([
    ['signs in', (client) => client.signIn('ada')],
    ['is let into a private channel', (client) => client.subscribe('private-x')],
    ['joins a presence channel', (client) => client.join('presence-x', 'ada')],
  ])('is over for one that %s', async (_, prove) => {
    const client = realtime.client();
    client.connection.signInDeadline = new SignInDeadline(
      client.connection,
      realtime.context.wheel,
      10 * SECOND,
    );
    await prove(client);
    pass(30);
    expect(client.connection.isOpen).toBe(true);
  });

  it.each<[string, (client: TestClient) => Promise<unknown>]>([
    ['subscribes to a public channel', (client) => client.subscribe('x')],
    ['is refused a private one', (client) => client.subscribe('private-x', { auth: 'key:forged' })],
  ])('goes on for one that %s', async (_, attempt) => {
    const client = realtime.client();
    client.connection.signInDeadline = new SignInDeadline(
      client.connection,
      realtime.context.wheel,
      10 * SECOND,
    );
    await attempt(client);
    pass(12);
    expect(client.webSocket.closed).toMatchObject({ code: 4009 });
  });
});

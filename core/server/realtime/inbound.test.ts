import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryPresence } from '../memory/presence.ts';
import type { Presence } from '../ports/presence.ts';
import { type TestRealtime, testRealtime } from './testing/test-realtime.ts';

/** A presence store whose joins wait until the test lets them go, or fail. */
class HeldPresence {
  readonly #store = createMemoryPresence();
  #held: { readonly go: () => void; readonly fail: (error: Error) => void } | null = null;

  get port(): Presence {
    const store = this.#store;
    return {
      ...store,
      join: (request) =>
        new Promise((resolve, reject) => {
          this.#held = { go: () => resolve(store.join(request)), fail: reject };
        }),
    };
  }

  go(): void {
    this.#held?.go();
  }

  fail(): void {
    this.#held?.fail(new Error('the store is away: secret-address'));
  }
}

let presence: HeldPresence;
let realtime: TestRealtime;
beforeEach(() => {
  presence = new HeldPresence();
  realtime = testRealtime({ drivers: { presence: presence.port } });
});
afterEach(() => realtime.close());

describe('frames of one connection', () => {
  it('are handled in the order they came, also while one waits for a store', async () => {
    const client = realtime.client();
    const joining = client.join('presence-x', 'u');
    client.receive({ event: 'pusher:subscribe', data: { channel: 'after' } });
    client.receive({ event: 'pusher:ping' });
    expect(await joining).toEqual([]);
    expect(client.webSocket.isPaused).toBe(true);
    presence.go();
    expect((await client.answers()).map(({ event, channel }) => [event, channel])).toEqual([
      ['pusher_internal:subscription_succeeded', 'presence-x'],
      ['pusher_internal:subscription_succeeded', 'after'],
      ['pusher:pong', undefined],
    ]);
    expect(client.webSocket.isPaused).toBe(false);
  });

  it('do not hold up other connections', async () => {
    const [waiting, other] = [realtime.client(), realtime.client()];
    await waiting.join('presence-x', 'u');
    expect(await other.subscribe('x')).toHaveLength(1);
  });

  it('are not looked at any more once the connection is closed', async () => {
    const client = realtime.client();
    await client.join('presence-x', 'u');
    client.receive({ event: 'pusher:subscribe', data: { channel: 'after' } });
    client.connection.close(4200, 'bye', true);
    presence.go();
    await client.answers();
    expect(client.connection.subscriptions.has('after')).toBe(false);
  });

  it('go on after one whose store failed; the client learns nothing of why', async () => {
    const client = realtime.client();
    await client.join('presence-x', 'u');
    client.request('ping');
    presence.fail();
    const [error, pong] = await client.answers();
    expect(error).toMatchObject({ event: 'pusher:error' });
    expect(JSON.stringify(error)).not.toContain('secret-address');
    expect(pong).toEqual({ event: 'pusher:pong' });
    expect(realtime.errors.join()).toContain('secret-address');
    expect(client.connection.subscriptions.size).toBe(0);
  });

  it('that are refused are counted by their code and answered one for one', async () => {
    const client = realtime.client();
    for (const frame of ['{', '[]', '{"event":"pusher:subscribe"}', '{"data":1}']) client.receive(frame);
    const refusal = { data: { code: 4000 } };
    expect(await client.answers()).toMatchObject([refusal, refusal, refusal, refusal]);
    expect(client.connection.counters.wsMessagesReceived).toBe(4);
  });

  it('of events nobody knows are ignored, with any prefix', async () => {
    const client = realtime.client();
    for (const event of ['pusher:nothing', 'sockudo_internal:nothing', 'nothing', ''])
      client.receive({ event });
    expect(await client.answers()).toEqual([]);
  });

  it.each(['pusher', 'pusher_internal', 'sockudo', 'sockudo_internal'])(
    'are understood with the prefix %s on both protocols',
    async (prefix) => {
      for (const protocol of [1, 2] as const) {
        const client = realtime.client({ protocol });
        client.receive({ event: `${prefix}:ping` });
        expect(await client.answers()).toEqual([{ event: protocol === 1 ? 'pusher:pong' : 'sockudo:pong' }]);
      }
    },
  );
});

describe('the limit on all frames of a connection', () => {
  const limited = (terminate: boolean): TestRealtime =>
    testRealtime({
      app: {
        message_rate_limit: {
          enabled: true,
          max_attempts: 2,
          decay_seconds: 3600,
          terminate_on_limit: terminate,
        },
      },
    });

  it('refuses what goes beyond', async () => {
    const own = limited(false);
    const client = own.client();
    for (let sent = 0; sent < 3; sent += 1) client.request('ping');
    expect(await client.answers()).toEqual([
      { event: 'pusher:pong' },
      { event: 'pusher:pong' },
      { event: 'pusher:error', data: { code: 4301, message: 'Client event rejected due to rate limit' } },
    ]);
    await own.close();
  });

  it('or closes the connection', async () => {
    const own = limited(true);
    const client = own.client();
    for (let sent = 0; sent < 3; sent += 1) client.request('ping');
    expect(client.webSocket.closed).toMatchObject({ code: 4301 });
    expect((await client.answers()).map(({ event }) => event)).toEqual([
      'pusher:pong',
      'pusher:pong',
      'pusher:error',
    ]);
    await own.close();
  });
});

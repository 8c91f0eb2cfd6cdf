import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TestClient } from '../testing/test-client.ts';
import { type TestRealtime, testRealtime } from '../testing/test-realtime.ts';

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime();
});
afterEach(async () => {
  expect(realtime.errors).toEqual([]);
  await realtime.close();
});

const refusal = (code: number, message: string): unknown[] => [
  expect.objectContaining({ data: { code, message } }),
];

async function subscribed(own: TestRealtime, channel: string, options = {}): Promise<TestClient> {
  const client = own.client(options);
  await client.subscribe(channel);
  return client;
}

function send(client: TestClient, channel: unknown, data: unknown = 'hi', event = 'client-x'): void {
  client.receive({ event, channel, data });
}

describe('a client event', () => {
  it('reaches everybody in the channel but the sender', async () => {
    const sender = await subscribed(realtime, 'private-x');
    const receivers = [
      await subscribed(realtime, 'private-x'),
      await subscribed(realtime, 'private-x', { protocol: 2 }),
    ];
    send(sender, 'private-x', { a: [1, null] });
    expect(await sender.answers()).toEqual([]);
    for (const receiver of receivers) {
      expect(await receiver.answers()).toMatchObject([
        { event: 'client-x', channel: 'private-x', data: { a: [1, null] } },
      ]);
    }
  });

  it('comes back to a protocol 2 sender that asked for echo, never to protocol 1', async () => {
    const echoing = await subscribed(realtime, 'private-x', { protocol: 2, echo: true });
    send(echoing, 'private-x');
    expect(await echoing.answers()).toHaveLength(1);
  });

  it('without data is delivered with null', async () => {
    const [sender, receiver] = [
      await subscribed(realtime, 'private-x'),
      await subscribed(realtime, 'private-x'),
    ];
    sender.receive({ event: 'client-x', channel: 'private-x' });
    expect(await receiver.answers()).toEqual([{ event: 'client-x', channel: 'private-x', data: null }]);
  });

  it('D27: names its sender on presence channels, and there only', async () => {
    const [sender, receiver] = [realtime.client(), realtime.client({ protocol: 2 })];
    for (const [client, user] of [
      [sender, 'ada'],
      [receiver, 'bob'],
    ] as const) {
      await client.join('presence-x', user);
      await client.subscribe('private-x');
    }
    await receiver.answers();
    send(sender, 'presence-x');
    send(sender, 'private-x');
    expect((await receiver.answers()).map(({ channel, user_id }) => [channel, user_id])).toEqual([
      ['presence-x', 'ada'],
      ['private-x', undefined],
    ]);
  });

  it('D27: names the id the sender joined with, whatever it signed in as', async () => {
    const [sender, receiver] = [realtime.client(), realtime.client()];
    await sender.join('presence-x', 'ada');
    await receiver.join('presence-x', 'bob');
    await sender.signIn('somebody-else');
    send(sender, 'presence-x');
    expect(await receiver.answers()).toMatchObject([{ user_id: 'ada' }]);
  });

  it('takes its place among the published messages of the channel', async () => {
    const [sender, receiver] = [
      await subscribed(realtime, 'private-x'),
      await subscribed(realtime, 'private-x', { protocol: 2 }),
    ];
    for (let sent = 0; sent < 3; sent += 1) send(sender, 'private-x', sent);
    expect((await receiver.answers()).map(({ data, serial }) => [data, serial])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
  });
});

/** Every rule, in the order in which they are looked at. Each frame breaks its own rule and all that come after it. */
describe('the rules', () => {
  it('are looked at in the documented order', async () => {
    const own = testRealtime({
      app: {
        max_event_name_length: 20,
        max_channel_name_length: 30,
        max_event_payload_in_kb: 1,
        channel_namespaces: [{ name: 'mute', allow_publish_for_client: false }],
      },
    });
    const client = own.client();
    await client.signIn('u', { capabilities: { publish: ['private-may-*', 'private-mute:*'] } });
    const long = 'x'.repeat(40);
    const steps: readonly [unknown, string, unknown, number, string][] = [
      [undefined, `client-${long}`, long, 4301, 'Client event error: Channel required for client event'],
      [
        `${long}`,
        `client-${long}`,
        long,
        4000,
        'Invalid event name: Event name exceeds maximum length of 20',
      ],
      [long, 'client-x', long, 4300, 'Channel name invalid: Channel name exceeds maximum length of 30'],
      [
        'public',
        'client-x',
        'x'.repeat(2000),
        4301,
        'Client event error: Client events can only be sent to private or presence channels',
      ],
      [
        'private-mute:x',
        'client-x',
        'x'.repeat(2000),
        4301,
        'Client event error: Event payload size (2002 bytes) exceeds limit (1KB)',
      ],
      [
        'private-mute:x',
        'client-x',
        'hi',
        4009,
        "Authentication error: Namespace 'mute' does not allow client publishes",
      ],
      [
        'private-other',
        'client-x',
        'hi',
        4009,
        "Authentication error: Connection is not allowed to publish channel 'private-other'",
      ],
      [
        'private-may-x',
        'client-x',
        'hi',
        4301,
        `Client event error: Socket ${client.socketId} is not subscribed to channel private-may-x`,
      ],
    ];
    for (const [channel, event, data, code, message] of steps) {
      send(client, channel, data, event);
      expect(await client.answers()).toEqual(refusal(code, message));
    }
    await own.close();
  });

  it('begin with whether the app has client events at all', async () => {
    const own = testRealtime({ app: { enable_client_messages: false } });
    const client = await subscribed(own, 'private-x');
    send(client, 'private-x');
    expect(await client.answers()).toEqual(
      refusal(4301, 'Client event error: Client events are not enabled for this app'),
    );
    await own.close();
  });

  it.each(['public', 'cache-x', 'private-cache-x', 'presence-cache-x', '#server-to-user-u', '[meta]x', 'x*'])(
    'keep client events off %s',
    async (channel) => {
      const client = realtime.client({ protocol: 2 });
      send(client, channel);
      expect(await client.answers()).toEqual(
        refusal(4301, 'Client event error: Client events can only be sent to private or presence channels'),
      );
    },
  );
});

describe('the rate limit', () => {
  const limited = (terminate: boolean): TestRealtime =>
    testRealtime({
      app: { max_client_events_per_second: 2, decay_seconds: 5, terminate_on_limit: terminate },
    });

  it('counts every event, refuses what goes beyond, and starts anew with the next window', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const own = limited(false);
    try {
      const [sender, receiver] = [await subscribed(own, 'private-x'), await subscribed(own, 'private-x')];
      send(sender, undefined);
      for (let sent = 0; sent < 3; sent += 1) send(sender, 'private-x');
      const rejected = { data: { message: 'Client event rejected due to rate limit' } };
      expect(await sender.answers()).toMatchObject([
        { data: { message: 'Client event error: Channel required for client event' } },
        rejected,
        rejected,
      ]);
      expect(await receiver.answers()).toHaveLength(1);
      vi.setSystemTime(Date.now() + 5000);
      send(sender, 'private-x');
      expect(await receiver.answers()).toHaveLength(1);
    } finally {
      vi.useRealTimers();
      await own.close();
    }
  });

  it('or closes the connection, with one error frame (D4)', async () => {
    const own = limited(true);
    const sender = await subscribed(own, 'private-x', { protocol: 2 });
    for (let sent = 0; sent < 4; sent += 1) send(sender, 'private-x');
    const message = 'Connection closed due to client event rate limit';
    expect(await sender.answers()).toEqual([
      { event: 'sockudo:error', data: { code: 4301, message }, message_id: expect.any(String) },
    ]);
    expect(sender.webSocket.closed).toEqual({ code: 4301, reason: message });
    await own.close();
  });
});

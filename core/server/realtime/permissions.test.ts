import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestClient } from './testing/test-client.ts';
import { type TestRealtime, testRealtime } from './testing/test-realtime.ts';

let realtime: TestRealtime;
beforeAll(() => {
  realtime = testRealtime({
    app: {
      channel_namespaces: [
        { name: 'room', allow_user_limited_channels: true },
        { name: 'no-subscribe', allow_subscribe_for_client: false },
        { name: 'no-publish', allow_publish_for_client: false },
        { name: 'no-presence', allow_presence_for_client: false },
      ],
    },
  });
});
afterAll(() => realtime.close());

type Act = (client: TestClient) => Promise<unknown>;

const event =
  (channel: string): Act =>
  async (client) => {
    client.receive({ event: 'client-x', channel, data: 1 });
    return client.answers();
  };

/** What an operator forbids is forbidden on both protocols, in the same words. */
describe.each([1, 2] as const)('D19: on protocol %i', (protocol) => {
  const prefix = protocol === 1 ? 'pusher' : 'sockudo';
  const connect = (): TestClient => realtime.client({ protocol });
  const refusal = (message: string): unknown[] => [
    expect.objectContaining({
      event: `${prefix}:error`,
      data: { code: 4009, message: `Authentication error: ${message}` },
    }),
  ];

  it.each<[string, Act, string]>([
    [
      'subscribing',
      (client) => client.subscribe('no-subscribe:1'),
      "Namespace 'no-subscribe' does not allow client subscriptions",
    ],
    [
      'subscribing to a private one',
      (client) => client.subscribe('private-no-subscribe:1'),
      "Namespace 'no-subscribe' does not allow client subscriptions",
    ],
    [
      'joining',
      (client) => client.join('presence-no-presence:1', 'u'),
      "Namespace 'no-presence' does not allow client presence subscriptions",
    ],
    ['publishing', event('private-no-publish:1'), "Namespace 'no-publish' does not allow client publishes"],
  ])('a namespace closed to %s', async (_, act, message) => {
    const client = connect();
    expect(await act(client)).toEqual(refusal(message));
    expect(client.connection.subscriptions.size).toBe(0);
  });

  it('a namespace closed to one thing is open to the others', async () => {
    const client = connect();
    for (const channel of ['no-publish:1', 'no-presence:1', 'private-no-presence:1']) {
      expect(await client.subscribe(channel)).toMatchObject([{ channel }]);
    }
  });

  it('a channel for named users', async () => {
    const client = connect();
    expect(await client.subscribe('room:1#ada,bob')).toEqual(
      refusal('User-limited channels require an authenticated V2 user'),
    );
    await client.signIn('eve');
    expect(await client.subscribe('room:1#ada,bob')).toEqual(
      refusal("User 'eve' is not allowed to access channel 'room:1#ada,bob'"),
    );
    await client.signIn('bob');
    expect(await client.subscribe('room:1#ada,bob')).toMatchObject([{ channel: 'room:1#ada,bob' }]);
  });

  it('capabilities given at sign-in', async () => {
    const client = connect();
    await client.signIn('u', {
      capabilities: {
        subscribe: ['open-*', 'private-*', 'presence-*'],
        publish: ['private-mine'],
        presence: ['presence-mine'],
      },
    });
    expect(await client.subscribe('open-1')).toMatchObject([{ channel: 'open-1' }]);
    expect(await client.subscribe('closed-1')).toEqual(
      refusal("Connection is not allowed to subscribe channel 'closed-1'"),
    );
    expect(await client.join('presence-other', 'u')).toEqual(
      refusal("Connection is not allowed to presence channel 'presence-other'"),
    );
    expect(await client.join('presence-mine', 'u')).toMatchObject([{ channel: 'presence-mine' }]);
    expect(await event('private-other')(client)).toEqual(
      refusal("Connection is not allowed to publish channel 'private-other'"),
    );
    await client.subscribe('private-mine');
    expect(await event('private-mine')(client)).toEqual([]);
  });

  it('capabilities end with another sign-in that names none', async () => {
    const client = connect();
    await client.signIn('u', { capabilities: { subscribe: [] } });
    expect(await client.subscribe('x')).toMatchObject([{ event: `${prefix}:error` }]);
    await client.signIn('u');
    expect(await client.subscribe('x')).toMatchObject([{ channel: 'x' }]);
  });
});

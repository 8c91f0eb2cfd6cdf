import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Frame, TestClient } from './testing/test-client.ts';
import { type TestRealtime, testRealtime } from './testing/test-realtime.ts';

let realtime: TestRealtime;
beforeEach(() => {
  realtime = testRealtime();
});
afterEach(() => realtime.close());

const watchlist = (events: unknown[]): Frame => ({
  event: 'pusher_internal:watchlist_events',
  data: { events },
});
const online = (...ids: string[]): Frame => ({ event: 'online', data: { user_ids: ids } });
const offline = (...ids: string[]): Frame => ({ event: 'offline', data: { user_ids: ids } });
const part = (name: string, ...ids: string[]) => ({ name, user_ids: ids });

async function signedIn(id: string, watches: string[] = []): Promise<TestClient> {
  const client = realtime.client();
  await client.signIn(id, { watchlist: watches });
  return client;
}

describe('D28: watchlists', () => {
  it('show a user at sign-in who is online and who is not, before the answer, in the order of the list', async () => {
    await signedIn('b');
    await signedIn('d');
    const watcher = realtime.client();
    const frames = await watcher.signIn('w', { watchlist: ['d', 'a', 'b', 'c'] });
    expect(frames.slice(0, 3)).toEqual([
      online('d', 'b'),
      offline('a', 'c'),
      watchlist([part('online', 'd', 'b'), part('offline', 'a', 'c')]),
    ]);
    expect(frames.map(({ event }) => event).at(3)).toBe('pusher:signin_success');
  });

  it('leave out the empty part', async () => {
    const watcher = realtime.client();
    const frames = await watcher.signIn('w', { watchlist: ['a'] });
    expect(frames.slice(0, -1)).toEqual([offline('a'), watchlist([part('offline', 'a')])]);
  });

  it('say nothing to a user who watches nobody', async () => {
    const client = realtime.client();
    expect((await client.signIn('a')).map(({ event }) => event)).toEqual(['pusher:signin_success']);
  });

  it('count every signed-in user, also one without a watchlist', async () => {
    const watcher = await signedIn('w', ['a']);
    await watcher.answers();
    await signedIn('a');
    expect(await watcher.answers()).toEqual([online('a'), watchlist([part('online', 'a')])]);
  });

  it('tell of the first connection and of the last, once each', async () => {
    const watcher = await signedIn('w', ['a']);
    await watcher.answers();
    const [first, second] = [await signedIn('a'), await signedIn('a')];
    expect(await watcher.answers()).toHaveLength(2);
    first.disconnect();
    expect(await watcher.answers()).toEqual([]);
    second.disconnect();
    expect(await watcher.answers()).toEqual([offline('a'), watchlist([part('offline', 'a')])]);
  });

  it('tell each of several watchers, and none who has gone', async () => {
    const watchers = [await signedIn('w1', ['a']), await signedIn('w2', ['a', 'b'])];
    for (const watcher of watchers) await watcher.answers();
    watchers[0]?.disconnect();
    await signedIn('a');
    expect(await watchers[1]?.answers()).toEqual([online('a'), watchlist([part('online', 'a')])]);
    expect(await watchers[0]?.answers()).toEqual([]);
  });

  it('say nothing when the same connection signs in as the same user again', async () => {
    const watcher = await signedIn('w', ['a']);
    const client = await signedIn('a');
    await watcher.answers();
    await client.signIn('a');
    expect(await watcher.answers()).toEqual([]);
  });

  it('follow a list that changes with another sign-in', async () => {
    const watcher = await signedIn('w', ['a']);
    await watcher.signIn('w', { watchlist: ['b'] });
    await signedIn('a');
    await signedIn('b');
    expect(await watcher.answers()).toEqual([online('b'), watchlist([part('online', 'b')])]);
  });

  it('follow a connection that signs in as somebody else', async () => {
    const watcher = await signedIn('w', ['a', 'b']);
    const client = await signedIn('a');
    await watcher.answers();
    await client.signIn('b');
    expect(await watcher.answers()).toEqual([
      offline('a'),
      watchlist([part('offline', 'a')]),
      online('b'),
      watchlist([part('online', 'b')]),
    ]);
  });

  it('show oneself as online on one’s own list, once', async () => {
    const client = realtime.client();
    const frames = await client.signIn('me', { watchlist: ['me'] });
    expect(frames.slice(0, -1)).toEqual([online('me'), watchlist([part('online', 'me')])]);
  });

  it('keep apps apart and are silent where the app has them off', async () => {
    const off = testRealtime({ app: { enable_watchlist_events: false } });
    const watcher = off.client();
    const frames = await watcher.signIn('w', { watchlist: ['a'] });
    expect(frames.map(({ event }) => event)).toEqual(['pusher:signin_success']);
    await off.close();
  });

  it('have the prefix and the ids of protocol 2 there', async () => {
    const watcher = realtime.client({ protocol: 2 });
    const frames = await watcher.signIn('w', { watchlist: ['a'] });
    expect(frames.map(({ event }) => event)).toEqual([
      'offline',
      'sockudo_internal:watchlist_events',
      'sockudo:signin_success',
    ]);
  });
});

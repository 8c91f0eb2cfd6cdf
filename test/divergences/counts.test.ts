// D15: counts on meta channels, for every cause, and never as messages.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ config: { presence: { v2_ungraceful_timeout_seconds: 0 } } });
});
afterAll(async () => {
  await server.close();
  expect(server.complaints).toEqual([]);
});

it('D15: counts go out for subscribing, unsubscribing, closing and vanishing, on either protocol', async () => {
  const watcher = await WireClient.connect(server, { protocol: 2 });
  await watcher.subscribe('[meta]counted');
  const [a, b, c] = [
    await WireClient.connect(server),
    await WireClient.connect(server, { protocol: 2 }),
    await WireClient.connect(server),
  ];
  const frame = (event: string, count: number) => ({
    event: `sockudo_internal:${event}`,
    channel: '[meta]counted',
    data: { channel: 'counted', subscription_count: count },
  });
  const next = (count: number) => watcher.frames.take(count, ({ channel }) => channel === '[meta]counted');

  await a.subscribe('counted');
  expect(await next(2)).toEqual([frame('channel_occupied', 1), frame('subscription_count', 1)]);
  await b.subscribe('counted');
  await c.subscribe('counted');
  expect(await next(2)).toEqual([frame('subscription_count', 2), frame('subscription_count', 3)]);
  a.request('unsubscribe', { channel: 'counted' });
  expect(await next(1)).toEqual([frame('subscription_count', 2)]);
  b.cut();
  expect(await next(1)).toEqual([frame('subscription_count', 1)]);
  await c.close();
  expect(await next(1)).toEqual([frame('channel_vacated', 0)]);
  await Promise.all([a.close(), watcher.close()]);
});

it('D15: members are announced there without their info', async () => {
  const watcher = await WireClient.connect(server, { protocol: 2 });
  const member = await WireClient.connect(server, { protocol: 2 });
  await member.join('presence-counted', 'first');
  watcher.request('subscribe', { channel: '[meta]presence-counted', auth: '' });
  await watcher.next('error');
  await watcher.join('presence-counted', 'watcher');
  watcher.request('subscribe', { channel: '[meta]presence-counted', auth: '' });
  await watcher.next('subscription_succeeded', '[meta]presence-counted');
  const other = await WireClient.connect(server);
  await other.join('presence-counted', 'second', { name: 'Second' });
  const ofMeta = (event: string) => watcher.next(event, '[meta]presence-counted');
  expect(await ofMeta('member_added')).toEqual({
    event: 'sockudo_internal:member_added',
    channel: '[meta]presence-counted',
    data: { channel: 'presence-counted', user_id: 'second' },
  });
  other.cut();
  expect(await ofMeta('member_removed')).toMatchObject({
    data: { channel: 'presence-counted', user_id: 'second' },
  });
  await Promise.all([member.close(), watcher.close()]);
});

it('D15: the acknowledgement of a meta channel has no position, and nothing of it is stored', async () => {
  const watcher = await WireClient.connect(server, { protocol: 2 });
  expect(await watcher.subscribe('[meta]stored')).toEqual({
    event: 'sockudo_internal:subscription_succeeded',
    channel: '[meta]stored',
    data: '{}',
    message_id: expect.any(String),
  });
  const { text } = await server.request('GET', '/channels');
  expect(text).not.toContain('[meta]');
  await watcher.close();
});

// Ten thousand subscriptions on one socket: all are acknowledged, all are delivered to, all go with the socket.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { startTestServer } from '../support/test-server.ts';
import { expectServing, WireClient } from '../support/wire-client.ts';

const COUNT = 10_000;
/** Generous: what ten thousand subscriptions may leave behind when they are gone. */
const LEFT_BYTES = 16 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

it.each([1, 2] as const)('on a protocol %i connection', async (protocol) => {
  const server = await startTestServer();
  onTestFinished(async () => {
    await server.close();
    expect(server.complaints).toEqual([]);
  });
  await expectServing(server);
  const before = heapBytes();
  await subscribeToMany(server, protocol);
  expect(heapBytes() - before).toBeLessThan(LEFT_BYTES);
  const { text } = await server.request('GET', '/channels');
  expect(text).toBe('{"channels":{}}');
  await expectServing(server);
});

async function subscribeToMany(
  server: Awaited<ReturnType<typeof startTestServer>>,
  protocol: 1 | 2,
): Promise<void> {
  const client = await WireClient.connect(server, { protocol });
  const other = await WireClient.connect(server, { protocol: 2 });
  await other.subscribe(`[meta]many-${COUNT - 1}`);
  for (let index = 0; index < COUNT; index += 1) client.askToSubscribe(`many-${index}`);
  await client.settled();
  const acknowledged = client.frames.all.filter(({ event }) => event.endsWith(':subscription_succeeded'));
  expect(new Set(acknowledged.map(({ channel }) => channel)).size).toBe(COUNT);

  for (const index of [0, COUNT / 2, COUNT - 1]) await server.publish(`many-${index}`, `event-${index}`);
  for (const index of [0, COUNT / 2, COUNT - 1]) await client.next(`event-${index}`);

  for (let index = 0; index < COUNT / 2; index += 1)
    client.request('unsubscribe', { channel: `many-${index}` });
  await client.settled();
  const { text } = await server.request('GET', '/channels', { query: { filter_by_prefix: 'many-' } });
  expect(Object.keys(JSON.parse(text).channels)).toHaveLength(COUNT / 2);

  await client.close();
  await other.next('channel_vacated');
  await other.close();
}

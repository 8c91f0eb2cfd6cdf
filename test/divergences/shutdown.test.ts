// D85: while it drains the server says so and takes nobody new, serves whom it has, closes them one after the other, stores and
// sends what it accepted, and ends as soon as nobody is left.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChannelLog } from '@sockudo/sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { startReceiver } from '../../core/server/webhooks/testing/webhook-app.ts';
import { TEST_APP } from '../support/credentials.ts';
import { exchange, RawWebSocket, upgradeRequest } from '../support/raw-web-socket.ts';
import { startServerProcess } from '../support/server-process.ts';
import { signedRequest, startTestServer } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

it('D85: /up and upgrades say 503 while those who are here are served', async () => {
  const server = await startTestServer({ config: { shutdown_grace_period: 30 } });
  // This one does not answer its Close, so the server goes on draining until it is gone.
  const lingering = await RawWebSocket.open(server);
  const closing = server.close();
  await lingering.frames.next(({ opcode }) => opcode === 8);
  const up = await fetch(`http://${server.host}:${server.port}/up`);
  expect([up.status, await up.text()]).toEqual([503, 'DRAINING']);
  const upgrade = await exchange(server, upgradeRequest(`/app/${TEST_APP.key}`));
  expect(upgrade).toMatch(/^HTTP\/1\.1 503 /);
  expect(upgrade).toContain('DRAINING');
  lingering.destroy();
  await closing;
  expect(server.complaints).toEqual([]);
});

it('D85: closes come one after the other, not all at once, and it ends early when nobody is left', async () => {
  const server = await startTestServer({ config: { shutdown_grace_period: 3600 } });
  const clients = await Promise.all(Array.from({ length: 5 }, () => WireClient.connect(server)));
  const closed = clients.map(async (client, index) => {
    const { code } = await client.closed;
    // Served to its last moment: everybody who is still open gets an answer.
    for (const other of clients.slice(index + 1)) {
      if (other.webSocket.readyState === other.webSocket.OPEN) await other.settled().catch(() => {});
    }
    return code;
  });
  await server.close();
  expect(await Promise.all(closed)).toEqual([4200, 4200, 4200, 4200, 4200]);
});

it('D85: what was accepted is stored, and its webhooks are sent, before the process ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-drain-'));
  const receiver = await startReceiver();
  onTestFinished(async () => {
    await receiver.close();
    await rm(folder, { recursive: true, force: true });
  });
  const server = await startServerProcess(
    folder,
    { shutdown_grace_period: 1 },
    {
      webhooks: [{ url: receiver.url, event_types: ['channel_occupied', 'channel_vacated'] }],
    },
  );
  const client = await WireClient.connect(server);
  await client.subscribe('drained');
  const origin = `http://${server.host}:${server.port}`;
  const body = { name: 'e', channel: 'drained', data: '1' };
  const publishing = Array.from({ length: 20 }, () =>
    signedRequest(origin, TEST_APP, 'POST', '/events', { body }),
  );
  await client.next('e');
  const stopping = server.stop();
  // A request that was still on its way may find the door shut; one that is answered is answered with 200, and kept.
  const answers = (await Promise.allSettled(publishing)).filter((one) => one.status === 'fulfilled');
  expect(answers.map(({ value }) => value.status)).toEqual(answers.map(() => 200));
  expect(await client.closed).toEqual({ code: 4200, reason: 'Server shutting down' });
  expect(await stopping).toBe(0);
  const log = await createChannelLog({ path: server.databasePath });
  const { messages } = await log.state({ appId: TEST_APP.id, channel: 'drained' });
  await log.close();
  expect(messages).toBeGreaterThanOrEqual(answers.length);
  const events = receiver.received.flatMap(({ body: text }) => JSON.parse(text).events);
  expect(events).toContainEqual({ name: 'channel_occupied', channel: 'drained' });
  expect(events).toContainEqual({ name: 'channel_vacated', channel: 'drained' });
});

// A worker that dies while it waits for a run must not get one: nobody would work on it until its lease ends.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signedPath, TEST_APP } from '../../../test/support/credentials.ts';
import { type RunsServer, startRunsServer } from './testing/runs-server.ts';

let server: RunsServer;
beforeAll(async () => {
  server = await startRunsServer();
});
afterAll(() => server.close());

/** Asks for a run on a connection of its own. */
async function ask(channel: string, workerId: string) {
  const body = JSON.stringify({ channel_prefix: channel, worker_id: workerId, wait_ms: 20_000 });
  const socket = connect(server.port, server.host);
  await once(socket, 'connect');
  socket.write(
    `POST ${signedPath(TEST_APP, 'POST', '/runs/claim', body)} HTTP/1.1\r\nhost: x\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return socket;
}

it.each([
  ['is gone', 'resetAndDestroy'],
  ['has given up', 'destroy'],
] as const)('a run goes past a worker that %s to one that waits', async (_, leave) => {
  const channel = `private-ai-gone-${leave}`;
  const gone = await ask(channel, 'gone');
  // Answered after the server has read what came before it.
  await server.get(`/channels/${channel}/runs`);
  const there = server.post('/runs/claim', { channel_prefix: channel, worker_id: 'there', wait_ms: 20_000 });
  await server.get(`/channels/${channel}/runs`);
  gone[leave]();
  await once(gone, 'close');
  await server.get(`/channels/${channel}/runs`);
  await server.say('ai-input', 'r', { channel: channel });
  expect((await there).body.claims).toMatchObject([{ fence: 'r:1', run: { lease: { worker_id: 'there' } } }]);
});

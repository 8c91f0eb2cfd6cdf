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

const CHANNEL = 'private-ai-gone';

/** Asks for a run on a connection of its own. */
async function ask(workerId: string) {
  const body = JSON.stringify({ channel_prefix: CHANNEL, worker_id: workerId, wait_ms: 20_000 });
  const socket = connect(server.port, server.host);
  await once(socket, 'connect');
  socket.write(
    `POST ${signedPath(TEST_APP, 'POST', '/runs/claim', body)} HTTP/1.1\r\nhost: x\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return socket;
}

it('a run goes past a worker that is gone to one that waits', async () => {
  const gone = await ask('gone');
  // Answered after the server has read what came before it.
  await server.get(`/channels/${CHANNEL}/runs`);
  const there = server.post('/runs/claim', { channel_prefix: CHANNEL, worker_id: 'there', wait_ms: 20_000 });
  await server.get(`/channels/${CHANNEL}/runs`);
  gone.resetAndDestroy();
  await once(gone, 'close');
  await server.get(`/channels/${CHANNEL}/runs`);
  await server.say('ai-input', 'r', { channel: CHANNEL });
  expect((await there).body.claims).toMatchObject([{ fence: 'r:1', run: { lease: { worker_id: 'there' } } }]);
});

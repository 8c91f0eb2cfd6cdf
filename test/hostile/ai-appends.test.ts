// Streams of appends that are no text, or come from a worker that has no claim any more: each line has its answer, others are served.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type RunsServer, startRunsServer } from '../../ai-transport/server/runs/testing/runs-server.ts';
import { hmac, TEST_APP } from '../support/credentials.ts';
import { expectServing } from '../support/wire-client.ts';

const CHANNEL = 'private-ai-appends';

let server: RunsServer;
beforeAll(async () => {
  server = await startRunsServer();
});
afterEach(() => expectServing(server));
afterAll(async () => {
  await server.close();
  expect(server.complaints).toEqual([]);
});

/** The body is not signed: nobody knows it when the request begins. */
async function append(messageSerial: string, body: string): Promise<string> {
  const path = `/apps/${TEST_APP.id}/channels/${CHANNEL}/messages/${messageSerial}/appends`;
  const query = `auth_key=${TEST_APP.key}&auth_timestamp=${Math.floor(Date.now() / 1000)}&auth_version=1.0`;
  const signature = hmac(TEST_APP.secret, `POST\n${path}\n${query}`);
  const url = `http://${server.host}:${server.port}${path}?${query}&auth_signature=${signature}`;
  const answer = await fetch(url, { method: 'POST', body });
  return answer.text();
}

it('lines that are none, and fences that are not held, store nothing', async () => {
  await server.say('ai-input', 'r', { channel: CHANNEL });
  const { body } = await server.post('/runs/claim', { channel_prefix: CHANNEL, worker_id: 'w' });
  const { fence } = body.claims[0];
  const transport = { status: 'streaming' };
  const said = await server.say('ai-output', 'r', { channel: CHANNEL, fence, transport });
  const serial: string = said.body.channels[CHANNEL].message_serial;
  const line = (more: object) => `${JSON.stringify({ data: 'BAD', op_id: 'o', ...more })}\n`;
  const bad = ['{\n', 'null\n', '[]\n', line({ fence: 'r:9' }), line({ fence: 5 }), line({ fence: 'x' })];
  for (const text of bad) expect(await append(serial, text)).toContain('"error"');
  expect(await append(serial, line({ data: 'GOOD', fence }))).not.toContain('"error"');
  const history = await server.get(`/channels/${CHANNEL}/history`);
  expect(JSON.stringify(history.body)).not.toContain('BAD');
  expect(JSON.stringify(history.body)).toContain('GOOD');
});

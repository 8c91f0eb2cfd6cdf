// A thousand clients that come back at once, to a server that still remembers and to one that has to read its log.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEST_APP } from '../support/credentials.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { signedRequest } from '../support/test-server.ts';
import { dataOf, WireClient } from '../support/wire-client.ts';

const CLIENTS = 1_000;
const MISSED = 50;

let folder: string;
let server: ServerProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockudo-crowd-'));
  server = await startServerProcess(folder);
});
afterEach(async () => {
  await server.kill();
  await rm(folder, { recursive: true, force: true });
});

async function publish(data: string): Promise<void> {
  const body = { name: 'tick', channels: ['crowd'], data };
  const { status } = await signedRequest(
    `http://${server.host}:${server.port}`,
    TEST_APP,
    'POST',
    '/events',
    { body },
  );
  expect(status).toBe(200);
}

/** Where everybody was: a few at the beginning, the rest spread over the first messages. */
const positionOf = (index: number): number => (index % 4 === 0 ? 0 : index % 10);

async function resume(index: number, streamId: string): Promise<{ serials: unknown[]; source: unknown }> {
  const client = await WireClient.connect(server, { protocol: 2 });
  const position = { stream_id: streamId, serial: positionOf(index) };
  if (index % 2 === 0) client.request('resume', { channel_positions: { crowd: position } });
  await client.subscribe('crowd');
  if (index % 2 === 1) client.request('resume', { channel_positions: { crowd: position } });
  const { recovered } = dataOf(await client.next('resume_success')) as { recovered: { source: string }[] };
  client.webSocket.terminate();
  return { serials: client.received('tick').map(({ serial }) => serial), source: recovered[0]?.source };
}

describe('a thousand clients at once', () => {
  it.each([
    ['hot', false],
    ['cold', true],
  ])('are all served what they missed: %s', async (source, isRestarted) => {
    const first = await WireClient.connect(server, { protocol: 2 });
    const streamId = (await first.subscribe('crowd')).stream_id ?? '';
    for (let i = 1; i <= MISSED; i += 1) await publish(`${i}`);
    if (isRestarted) {
      await server.kill();
      server = await startServerProcess(folder);
    }
    const results = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => resume(index, streamId)));
    for (const [index, result] of results.entries()) {
      const from = positionOf(index);
      expect(result).toEqual({
        source,
        serials: Array.from({ length: MISSED - from }, (_, i) => from + i + 1),
      });
    }
  });
});

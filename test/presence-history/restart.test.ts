// Presence histories outlive the server: one that stops writes down that everybody left, one that is killed keeps what it had
// shown, and the next one goes on in the same stream.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_APP } from '../support/credentials.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { signedRequest } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

const CHANNEL = 'presence-restart';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockudo-presence-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (): Promise<ServerProcess> =>
  startServerProcess(folder, { presence_history: { enabled: true } });

async function get({ host, port }: ServerProcess, path: string, query: Record<string, string> = {}) {
  const fullPath = `/channels/${CHANNEL}/presence/history${path}`;
  const answer = await signedRequest(`http://${host}:${port}`, TEST_APP, 'GET', fullPath, { query });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.text);
}

async function lines(server: ServerProcess): Promise<string[]> {
  const { items } = await get(server, '', { direction: 'oldest_first' });
  return items.map(
    (item: Record<string, unknown>) => `${item.serial} ${item.user_id} ${item.event} ${item.cause}`,
  );
}

describe('presence histories on SQLite', () => {
  it('outlive a stop and a kill', async () => {
    const first = await start();
    const oldClient = await WireClient.connect(first);
    await oldClient.join(CHANNEL, 'ann');
    const newClient = await WireClient.connect(first, { protocol: 2 });
    await newClient.join(CHANNEL, 'bob');
    const before = await lines(first);
    expect(before).toEqual(['1 ann member_added join', '2 bob member_added join']);
    const { stream } = await get(first, '/state');
    expect(await first.stop()).toBe(0);

    const second = await start();
    const afterStop = await lines(second);
    expect(afterStop.slice(0, 2)).toEqual(before);
    expect(
      afterStop
        .slice(2)
        .map((line) => line.slice(2))
        .sort(),
    ).toEqual(['ann member_removed forced_disconnect', 'bob member_removed forced_disconnect']);
    expect((await get(second, '/snapshot')).members).toEqual([]);
    expect((await get(second, '/state')).stream).toMatchObject({
      stream_id: stream.stream_id,
      next_serial: 5,
      state: { durable_state: 'healthy', authoritative_source: 'durable_store' },
    });
    const client = await WireClient.connect(second);
    await client.join(CHANNEL, 'ann');
    const beforeKill = await lines(second);
    expect(beforeKill).toEqual([...afterStop, '5 ann member_added join']);
    await second.kill();

    const third = await start();
    expect(await lines(third)).toEqual(beforeKill);
    // The killed server could not say that ann left, so that she comes back changes nothing.
    const again = await WireClient.connect(third);
    await again.join(CHANNEL, 'ann');
    const other = await WireClient.connect(third);
    await other.join(CHANNEL, 'cid');
    expect(await lines(third)).toEqual([...beforeKill, '6 cid member_added join']);
    const { members } = await get(third, '/snapshot');
    expect(members.map((member: { user_id: string }) => member.user_id)).toEqual(['ann', 'cid']);
    expect(await third.stop()).toBe(0);
  });
});

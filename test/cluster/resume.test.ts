// A client of a node that is killed goes on at the other one: the log that they share tells what it missed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { durableNodeConfig, type SharedStores, startSharedStores } from '../support/cluster.ts';
import { startServerProcess } from '../support/server-process.ts';
import { startTestServer } from '../support/test-server.ts';
import { dataOf, WireClient } from '../support/wire-client.ts';

let stores: SharedStores;

beforeAll(async () => {
  stores = await startSharedStores();
});

afterAll(() => stores.close());

it('a client resumes on the other node after the first was killed, with what it missed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-resume-'));
  const first = await startServerProcess(folder, durableNodeConfig(stores));
  const other = await startTestServer({ config: durableNodeConfig(stores) });
  try {
    const client = await WireClient.connect(first, { protocol: 2 });
    await client.subscribe('room');
    for (let index = 0; index < 5; index += 1) await other.publish('room', 'tick', String(index));
    let last = await client.next('tick');
    while (last.data !== '4') last = await client.next('tick');
    await first.kill();
    for (let index = 5; index < 30; index += 1) await other.publish('room', 'tick', String(index));
    const again = await WireClient.connect(other, { protocol: 2 });
    const position = { stream_id: last.stream_id, serial: last.serial };
    again.request('resume', { channel_positions: { room: position } });
    await again.subscribe('room');
    const success = dataOf(await again.next('resume_success'));
    expect(success).toMatchObject({ recovered: [{ channel: 'room' }], failed: [] });
    await other.publish('room', 'end');
    await again.next('end');
    const ticks = Array.from({ length: 25 }, (_, index) => String(index + 5));
    expect(again.received('tick').map(({ data }) => data)).toEqual(ticks);
    await again.close();
  } finally {
    await other.close();
    await first.kill();
    await rm(folder, { recursive: true, force: true });
  }
});

// Webhooks of several nodes, with their jobs in a real PostgreSQL: told once for all nodes, and delivered by another one when the node
// that was at it is killed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runSql } from '../../adapters/postgres/testing/open-log.ts';
import { type Receiver, startReceiver } from '../../core/server/webhooks/testing/webhook-app.ts';
import { durableNodeConfig, type SharedStores, startSharedStores } from '../support/cluster.ts';
import { startServerProcess } from '../support/server-process.ts';
import { stockBackend } from '../support/stock-packages.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { WireClient } from '../support/wire-client.ts';

let stores: SharedStores;
let receiver: Receiver;

beforeAll(async () => {
  stores = await startSharedStores();
});
afterAll(() => stores.close());

beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const webhooks = (...event_types: string[]) => [{ url: receiver.url, event_types }];

/** All events so far, each request verified as an application would. */
function events(server: TestServer): unknown[] {
  return receiver.received.flatMap(({ headers, body }) => {
    const webhook = stockBackend(server).webhook({ headers, rawBody: body });
    expect(webhook.isValid()).toBe(true);
    return webhook.getEvents();
  });
}

describe('webhooks of a cluster', () => {
  it('tell once what happened to a channel on all nodes', async () => {
    const app = { webhooks: webhooks('channel_occupied', 'channel_vacated') };
    const start = () => startTestServer({ config: durableNodeConfig(stores), app });
    const nodes = await Promise.all([start(), start()]);
    const [near, far] = nodes;
    const [here, there] = [await WireClient.connect(near), await WireClient.connect(far)];
    for (const client of [here, there]) await client.subscribe('hooked');
    await receiver.hears('channel_occupied');
    for (const client of [here, there]) client.close();
    await receiver.hears('channel_vacated');
    await Promise.all(nodes.map((node) => node.close()));
    expect(events(near)).toEqual([
      { name: 'channel_occupied', channel: 'hooked' },
      { name: 'channel_vacated', channel: 'hooked' },
    ]);
  });

  it('are delivered by another node when the one that was at it is killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sockudo-hooks-'));
    const app = { webhooks: webhooks('channel_occupied') };
    receiver.answer(() => {
      // The first request is never answered.
    });
    const doomed = await startServerProcess(folder, durableNodeConfig(stores), app);
    const client = await WireClient.connect(doomed);
    await client.subscribe('doomed');
    await receiver.count(1);
    receiver.answer((response) => void response.end());
    await doomed.kill();
    await missAtOnce();
    const living = await startTestServer({ config: durableNodeConfig(stores), app });
    await receiver.count(2);
    const [first, second] = receiver.received;
    expect(second?.body).toBe(first?.body);
    expect(second?.body).toContain('doomed');
    await living.close();
    await rm(folder, { recursive: true });
  });
});

/** As if the node had been silent for longer than its leases hold. */
async function missAtOnce(): Promise<void> {
  const long = "heartbeat_on = now() - interval '1 day'";
  await runSql(stores.postgres, `UPDATE sockudo_jobs.job SET ${long} WHERE state = 'active'`);
}

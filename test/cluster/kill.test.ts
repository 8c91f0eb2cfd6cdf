// kill -9 of a node while everybody publishes through both: clients of the dead node resume on the living one without a hole or a
// duplicate, what was acknowledged is in the log under the serial that was named, and a publisher that repeats on the living node what
// it got no answer for ends up with every message exactly once.
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sockudo } from '@sockudo/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { durableNodeConfig, type SharedStores, startSharedStores } from '../support/cluster.ts';
import { TEST_APP } from '../support/credentials.ts';
import { type Address, startLoadBalancer } from '../support/load-balancer.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { signedRequest } from '../support/test-server.ts';
import { dataOf, WireClient, type WireFrame } from '../support/wire-client.ts';

const PUBLISHERS = 6;
const MESSAGES_EACH = 60;
const TOTAL = PUBLISHERS * MESSAGES_EACH;
const ROUNDS = 3;

let stores: SharedStores;
let living: ServerProcess;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockudo-kill-'));
  stores = await startSharedStores();
  living = await startServerProcess(folder, nodeConfig());
});

afterAll(async () => {
  await living?.kill();
  await stores?.close();
  await rm(folder, { recursive: true, force: true });
});

/** However long a client takes to come back: what it missed is no more than what may be replayed. */
function nodeConfig(): Record<string, unknown> {
  const recovery = { enabled: true, max_buffer_size: TOTAL + 1 };
  return { ...durableNodeConfig(stores), connection_recovery: recovery };
}

async function withDoomedNode(use: (doomed: ServerProcess) => Promise<void>): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'sockudo-doomed-'));
  const doomed = await startServerProcess(home, nodeConfig());
  try {
    await use(doomed);
  } finally {
    await doomed.kill();
    await rm(home, { recursive: true, force: true });
  }
}

async function ask(node: Address, method: string, path: string, options = {}): Promise<unknown> {
  const origin = `http://${node.host}:${node.port}`;
  const { status, text } = await signedRequest(origin, TEST_APP, method, path, options);
  if (status !== 200) throw new Error(`${path} was answered ${status} ${text}`);
  return JSON.parse(text);
}

/** Publishes `data` under a key of the same name; answers the serial. */
async function publish(node: Address, channel: string, data: string): Promise<number> {
  const body = { name: 'tick', channels: [channel], data, info: 'subscription_count' };
  const answer = await ask(node, 'POST', '/events', { body, headers: { 'x-idempotency-key': data } });
  // CAST: the long answer of a durable channel, which a test that gets another fails on.
  const { channels } = answer as { channels: Record<string, { delivery_serial: number }> };
  const serial = channels[channel]?.delivery_serial;
  if (serial === undefined) throw new Error(`no serial in ${JSON.stringify(answer)}`);
  return serial;
}

interface Acknowledged {
  readonly data: string;
  readonly serial: number;
}

/**
 * Several publishers at once, by turns through both nodes; one that gets no answer from the doomed node asks the living one. `onEach`
 * hears how many are acknowledged.
 */
async function publishThroughBoth(
  doomed: Address,
  channel: string,
  onEach: (count: number) => void,
): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  const publisher = async (name: number): Promise<void> => {
    for (let index = 0; index < MESSAGES_EACH; index += 1) {
      const data = `${channel} ${name}.${index}`;
      const first = (name + index) % 2 === 0 ? doomed : living;
      const serial = await publish(first, channel, data).catch((error: unknown) => {
        if (first === living) throw error;
        return publish(living, channel, data);
      });
      onEach(acknowledged.push({ data, serial }));
    }
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, (_, name) => publisher(name)));
  return acknowledged;
}

/** The whole history, read in pages from the living node. */
async function history(channel: string): Promise<Acknowledged[]> {
  const items: Acknowledged[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, string> = {
      direction: 'oldest_first',
      limit: '100',
      ...(cursor !== null && { cursor }),
    };
    const answer = await ask(living, 'GET', `/channels/${channel}/history`, { query });
    // CAST: as documented in docs/http-api.md; a test that gets another answer fails on it.
    const page = answer as {
      items: { serial: number; message: { data: string } }[];
      next_cursor: string | null;
    };
    items.push(...page.items.map(({ serial, message }) => ({ serial, data: message.data })));
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}

const endOf = (channel: string): string => `${channel} end`;
const bySerial = (a: Acknowledged, b: Acknowledged): number => a.serial - b.serial;
const messageOf = ({ serial, data }: WireFrame): Acknowledged => ({
  serial: serial ?? 0,
  data: String(data),
});

describe('a node that is killed in the middle of publishes', () => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'loses nothing, and its client resumes on the other one, round %i',
    async (round) => {
      await withDoomedNode(async (doomed) => {
        const channel = `kill-${round}`;
        const client = await WireClient.connect(doomed, { protocol: 2 });
        const { stream_id, serial: start } = await client.subscribe(channel);
        const killAfter = randomInt(TOTAL / 10, TOTAL / 2);
        let resumed: Promise<WireClient> | null = null;
        const resume = async (): Promise<WireClient> => {
          await doomed.kill();
          await client.closed;
          const again = await WireClient.connect(living, { protocol: 2 });
          const last = client.received('tick').at(-1)?.serial ?? start;
          again.request('resume', { channel_positions: { [channel]: { stream_id, serial: last } } });
          await again.subscribe(channel);
          const success = dataOf(await again.next('resume_success'));
          expect(success).toMatchObject({ recovered: [{ channel }], failed: [] });
          return again;
        };
        const acknowledged = await publishThroughBoth(doomed, channel, (count) => {
          if (count === killAfter) resumed = resume();
        });
        // CAST: control flow does not see that the callback has set it.
        const again = await (resumed as Promise<WireClient> | null);
        if (again === null) throw new Error('the node was not killed');
        await publish(living, channel, endOf(channel));
        while ((await again.next('tick')).data !== endOf(channel));

        const logged = await history(channel);
        expect(logged.map(({ serial }) => serial)).toEqual(
          Array.from({ length: TOTAL + 1 }, (_, i) => i + 1),
        );
        expect(logged.slice(0, -1)).toEqual(acknowledged.toSorted(bySerial));
        expect([...client.received('tick'), ...again.received('tick')].map(messageOf)).toEqual(logged);
        await again.close();
      });
    },
  );

  it('is not even noticed by our client, which comes back through the load balancer', async () => {
    await withDoomedNode(async (doomed) => {
      const channel = 'kill-client';
      const balancer = await startLoadBalancer([doomed, living]);
      const client = new Sockudo(TEST_APP.key, {
        wsHost: balancer.host,
        wsPort: balancer.port,
        forceTLS: false,
        protocolVersion: 2,
        connectionRecovery: true,
      });
      const heard: string[] = [];
      const subscription = client.subscribe(channel);
      const ended = new Promise<void>((resolve, reject) => {
        subscription.bind('sockudo:resume_failed', (failure: unknown) =>
          reject(new Error(JSON.stringify(failure))),
        );
        subscription.bind('tick', (data: unknown) => {
          heard.push(String(data));
          if (data === endOf(channel)) resolve();
        });
      });
      await new Promise<void>((resolve) =>
        subscription.bind('sockudo:subscription_succeeded', () => resolve()),
      );
      let killed: Promise<void> | null = null;
      await publishThroughBoth(doomed, channel, (count) => {
        if (count === TOTAL / 3) killed = doomed.kill();
      });
      await killed;
      await publish(living, channel, endOf(channel));
      await ended;
      expect(heard).toEqual((await history(channel)).map(({ data }) => data));
      client.disconnect();
      await balancer.close();
    });
  });
});

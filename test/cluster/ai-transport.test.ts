// AI Transport on several nodes, a real Redis and a real PostgreSQL: runs are given to workers once, wherever they ask, and whoever
// watches on one node sees what is done through another.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorker, type Run, type Worker } from '@sockudo/ai-transport/agent';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  AI_PREFIX,
  type AiCluster,
  agentOf,
  aiNodeConfig,
  appendsOf,
  openOutput,
  say,
  startAiCluster,
  textOf,
  transport,
  untilText,
  watch,
} from '../support/ai-cluster.ts';
import { startSharedStores } from '../support/cluster.ts';
import { startServerProcess } from '../support/server-process.ts';
import { startTestServer } from '../support/test-server.ts';
import { dataOf, type WireClient, type WireFrame } from '../support/wire-client.ts';

let cluster: AiCluster;
const workers: Worker[] = [];
let channels = 0;

beforeAll(async () => {
  cluster = await startAiCluster();
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop({ graceMs: 0 })));
});
afterAll(() => cluster.close());

const freshChannel = (): string => `${AI_PREFIX}c${channels++}-`;

function work(
  options: Pick<Parameters<typeof createWorker>[0], 'agent' | 'channelPrefix' | 'handle' | 'leaseMs'>,
): void {
  workers.push(createWorker({ waitMs: 500, onError() {}, ...options }));
}

/** Resolves when somebody does not want the answer any more. */
const untilAborted = ({ signal }: Run): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

const FENCED = { status: 409, body: expect.stringContaining('"fenced"') };
const ORPHANED = { status: 'cancelled', 'error-code': 'orphan_timeout' };
const LEASE_EXPIRED = { status: 'cancelled', 'error-code': 'lease_expired' };

function serialOf({ extras }: WireFrame): string {
  // CAST: a test that gets another frame fails on it.
  return (extras as { headers: { sockudo_message_serial: string } }).headers.sockudo_message_serial;
}

/** Statuses that a run is said to have, up to its end. */
async function statusesOf(client: WireClient): Promise<readonly string[]> {
  const statuses: string[] = [];
  for (;;) {
    // CAST: a test that gets another frame fails on it.
    const { run } = dataOf(await client.next('ai_run')) as { run: { status: string; ended_serial?: number } };
    if (statuses.at(-1) !== run.status) statuses.push(run.status);
    if (run.ended_serial !== undefined) return statuses;
  }
}

describe('runs of a cluster', () => {
  it('are handled once each, one of a channel at a time, by workers that ask both nodes', async () => {
    const { nearAgent, farAgent } = cluster;
    const prefix = freshChannel();
    const [places, each] = [6, 5];
    const handled: string[] = [];
    const busy = new Set<string>();
    const crowded: string[] = [];
    const all = Promise.withResolvers<void>();
    const handle = async (run: Run): Promise<void> => {
      if (busy.has(run.channel)) crowded.push(run.channel);
      busy.add(run.channel);
      await run.output('answer', run.runId);
      busy.delete(run.channel);
      if (handled.push(run.runId) === places * each) all.resolve();
    };
    for (const agent of [nearAgent, farAgent, nearAgent, farAgent])
      work({ agent, channelPrefix: prefix, handle });
    const runs = Array.from({ length: places * each }, (_, index) => `run ${index}`);
    const channelOf = (index: number): string => `${prefix}${index % places}`;
    await Promise.all(
      runs.map((run, index) => say(index % 4 < 2 ? nearAgent : farAgent, channelOf(index), 'ai-input', run)),
    );
    await all.promise;
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    expect(handled.toSorted()).toEqual(runs.toSorted());
    expect(crowded).toEqual([]);
    for (const [index, run] of runs.entries()) {
      expect(await farAgent.claims.run(channelOf(index), run)).toMatchObject({
        status: 'complete',
        attempt: 1,
      });
    }
  });

  it('are told on every node to sessions that asked', async () => {
    const channel = freshChannel();
    const watchers = [await watch(cluster.near, channel), await watch(cluster.far, channel)];
    for (const watcher of watchers) {
      watcher.request('ai_session', { channel });
      await watcher.next('ai_session');
    }
    await say(cluster.nearAgent, channel, 'ai-input', 'r');
    work({ agent: cluster.farAgent, channelPrefix: channel, handle: (run) => run.output('answer', 'x') });
    for (const watcher of watchers) {
      expect(await statusesOf(watcher)).toEqual(['queued', 'running', 'complete']);
      await watcher.close();
    }
  });

  it('are taken over through another node after theirs was killed, and the first worker is fenced off everywhere', async () => {
    const { near, nearAgent, farAgent } = cluster;
    const channel = freshChannel();
    const folder = await mkdtemp(join(tmpdir(), 'sockudo-ai-'));
    const doomed = await startServerProcess(folder, aiNodeConfig(cluster.stores));
    onTestFinished(async () => {
      await doomed.kill();
      await rm(folder, { recursive: true, force: true });
    });
    const watcher = await watch(near, channel);
    await say(nearAgent, channel, 'ai-input', 'r');
    async function* half(run: Run): AsyncGenerator<string> {
      yield 'half ';
      await untilAborted(run);
    }
    const agent = agentOf(doomed);
    work({ agent, channelPrefix: channel, leaseMs: 1000, handle: (run) => run.pipe(half(run)) });
    const stream = serialOf(await watcher.next('ai-output'));
    await doomed.kill();
    work({ agent: farAgent, channelPrefix: channel, handle: (run) => run.output('answer', 'whole') });
    await watcher.next('ai-run-end');
    expect(await nearAgent.claims.run(channel, 'r')).toMatchObject({ status: 'complete', generation: 2 });
    // What the first worker still has to say, through any node.
    for (const { sockudo } of [nearAgent, farAgent]) {
      const event = { name: 'ai-output', channel, data: 'late', extras: transport('r'), fence: 'r:1' };
      await expect(sockudo.post({ path: '/events', body: event })).rejects.toMatchObject(FENCED);
      const append = sockudo.appendMessage(channel, stream, { data: 'late', fence: 'r:1' });
      await expect(append).rejects.toMatchObject(FENCED);
    }
    const { item } = await nearAgent.sockudo.getMessage(channel, stream);
    expect(item).toMatchObject({ data: 'half ', extras: { ai: { transport: LEASE_EXPIRED } } });
    await watcher.settled();
    expect(watcher.received('ai-run-end')).toHaveLength(1);
  });
});

describe('a cancel through another node', () => {
  it('reaches a worker that listens here before its heartbeat', async () => {
    const channel = freshChannel();
    const started = Promise.withResolvers<void>();
    const heard = Promise.withResolvers<unknown>();
    // It asks for the run once when it hears the channel, and then every 20 seconds.
    work({
      agent: cluster.nearAgent,
      channelPrefix: channel,
      leaseMs: 60_000,
      async handle(run) {
        started.resolve();
        await untilAborted(run);
        heard.resolve(run.signal.reason);
      },
    });
    const watcher = await watch(cluster.far, channel);
    await watcher.signIn('ann');
    await say(cluster.farAgent, channel, 'ai-input', 'r');
    await started.promise;
    watcher.send({ event: 'ai-cancel', channel, data: {}, extras: { ai: { transport: { 'run-id': 'r' } } } });
    expect(await heard.promise).toMatchObject({ code: 'cancelled' });
    expect((await watcher.next('ai-run-end')).extras).toMatchObject({
      ai: { transport: { 'run-reason': 'cancelled' } },
    });
  }, 15_000);

  it('ends a run that waits, and the end is told there although the workers ask here', async () => {
    const channel = freshChannel();
    const wish = { channelPrefix: channel, workerId: 'w', limit: 1, leaseMs: 1000, waitMs: 0, perChannel: 1 };
    expect(await cluster.nearAgent.claims.claim(wish)).toEqual([]);
    const watcher = await watch(cluster.near, channel);
    await say(cluster.farAgent, channel, 'ai-input', 'r');
    await say(cluster.farAgent, channel, 'ai-cancel', 'r');
    await watcher.next('ai-run-end');
  }, 15_000);
});

describe('a stream of a cluster', () => {
  it('is sent in fewer frames with the same text to a watcher on another node', async () => {
    const channel = freshChannel();
    const fragments = Array.from({ length: 200 }, (_, index) => `${index} `);
    const text = fragments.join('');
    const [single, joined] = [await watch(cluster.near, channel), await watch(cluster.far, channel, 500)];
    const serial = await openOutput(cluster.nearAgent, channel, 'r');
    const writer = cluster.nearAgent.sockudo.appendStream(channel, serial).getWriter();
    for (const fragment of fragments) await writer.write(fragment);
    await writer.close();
    for (const watcher of [single, joined]) {
      await untilText(watcher, text.length);
      expect(textOf(appendsOf(watcher))).toBe(text);
    }
    expect(appendsOf(single)).toHaveLength(fragments.length);
    expect(appendsOf(joined).length).toBeLessThan(fragments.length);
  });

  it('loses no text while Redis is away and comes back empty', async () => {
    const { stores, near, far, nearAgent } = cluster;
    const channel = freshChannel();
    const [here, there] = [await watch(near, channel), await watch(far, channel, 100)];
    const serial = await openOutput(nearAgent, channel, 'r');
    const stream = nearAgent.sockudo.appendStream(channel, serial);
    const writer = stream.getWriter();
    const texts = Array.from({ length: 4 }, (_, part) =>
      Array.from({ length: 50 }, (_, index) => `${part}.${index} `).join(''),
    );
    const write = async (part: number): Promise<void> => {
      for (const word of texts[part]?.split(/(?<= )/) ?? []) await writer.write(word);
    };
    const length = (parts: number): number => texts.slice(0, parts).join('').length;
    await write(0);
    await untilText(there, length(1));
    const writing = write(1);
    await stores.redis.kill();
    await writing;
    await write(2);
    // Stored and seen on its own node meanwhile.
    await untilText(here, length(3));
    await stores.redis.start();
    await write(3);
    await writer.close();
    await untilText(there, length(4));
    expect(textOf(appendsOf(there))).toBe(texts.join(''));
    expect(textOf(appendsOf(here))).toBe(texts.join(''));
  });

  it('is ended once when nobody goes on with it, whoever looks', async () => {
    // Nodes that differ in the time of silence would put off each other's streams.
    const stores = await startSharedStores();
    onTestFinished(() => stores.close());
    const config = aiNodeConfig(stores, { rollup: { orphan_ttl_ms: 1000 } });
    const [first, second] = [await startTestServer({ config }), await startTestServer({ config })];
    const channel = freshChannel();
    const watcher = await watch(second, channel);
    const agent = agentOf(first);
    const serials = await Promise.all(
      Array.from({ length: 20 }, (_, index) => openOutput(agent, channel, `r${index}`)),
    );
    for (const _ of serials) {
      expect((await watcher.next('message.update')).extras).toMatchObject({ ai: { transport: ORPHANED } });
    }
    // A node stops when its sweep has.
    await Promise.all([first.close(), second.close()]);
    const reader = await startTestServer({ config });
    for (const serial of serials) {
      const versions = await agentOf(reader).sockudo.getMessageVersions(channel, serial);
      expect(versions.items).toHaveLength(2);
    }
    await reader.close();
  });
});

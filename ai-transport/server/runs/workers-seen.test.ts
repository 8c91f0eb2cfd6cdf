import type { Cache } from '@sockudo/server/ports';
import { expect, it, vi } from 'vitest';
import { createMemoryCache } from '../../../core/server/memory/cache.ts';
import { CHANNEL, type RunNode, runNode } from './testing/run-nodes.ts';
import { WorkersSeen } from './workers-seen.ts';

it('remembers for a minute which channels workers ask for', async () => {
  let nowMs = 0;
  const workers = new WorkersSeen(() => nowMs, null);
  workers.saw('app', 'private-ai-');
  expect(await workers.serve('app', 'private-ai-s')).toBe(true);
  expect(await workers.serve('app', 'private-other')).toBe(false);
  expect(await workers.serve('other', 'private-ai-s')).toBe(false);
  nowMs = 30_000;
  workers.saw('app', 'private-ai-');
  nowMs = 89_999;
  expect(await workers.serve('app', 'private-ai-s')).toBe(true);
  nowMs = 90_000;
  expect(await workers.serve('app', 'private-ai-s')).toBe(false);
});

it('remembers so many and no more, the newest, and none that is longer than a name', async () => {
  const workers = new WorkersSeen(() => 0, null);
  for (let index = 0; index <= 10_000; index += 1) workers.saw('app', `channel-${index}-`);
  expect(await workers.serve('app', 'channel-0-')).toBe(false);
  expect(await workers.serve('app', 'channel-1-')).toBe(true);
  expect(await workers.serve('app', 'channel-10000-')).toBe(true);
  workers.saw('app', 'x'.repeat(1025));
  expect(await workers.serve('app', 'x'.repeat(1025))).toBe(false);
});

it('knows who asked another node, as long as the worker goes on asking', async () => {
  let nowMs = 0;
  const now = () => nowMs;
  const cache = createMemoryCache({ now });
  const [asked, other] = [new WorkersSeen(now, cache), new WorkersSeen(now, cache)];
  for (; nowMs < 120_000; nowMs += 1000) {
    asked.saw('app', 'private-ai-');
    expect(await other.serve('app', 'private-ai-s')).toBe(true);
    expect(await other.serve('app', 'private-')).toBe(false);
    expect(await other.serve('other', 'private-ai-s')).toBe(false);
  }
  nowMs += 60_000;
  expect(await other.serve('app', 'private-ai-s')).toBe(false);
  await cache.close();
});

it('notes who asks again when the cache is back, and does not guess while it is away', async () => {
  let nowMs = 0;
  let isAway = true;
  const memory = createMemoryCache({ now: () => nowMs });
  const away = () => (isAway ? Promise.reject(new Error('away')) : null);
  const cache: Cache = {
    ...memory,
    get: async (key) => (await away()) ?? memory.get(key),
    set: async (key, value, ttlMs) => (await away()) ?? memory.set(key, value, ttlMs),
  };
  const [asked, other] = [new WorkersSeen(() => nowMs, cache), new WorkersSeen(() => nowMs, cache)];
  asked.saw('app', 'private-ai-');
  expect(await asked.serve('app', 'private-ai-s')).toBe(true);
  await expect(other.serve('app', 'private-ai-s')).rejects.toThrow('away');
  isAway = false;
  nowMs = 20_000;
  asked.saw('app', 'private-ai-');
  expect(await other.serve('app', 'private-ai-s')).toBe(true);
  await cache.close();
});

it('of a run that no worker took, the node that handles the cancel tells the end when workers ask another one', async () => {
  const cache = createMemoryCache();
  const asked = runNode({ cache });
  const other = runNode({ cache, log: asked.log });
  await asked.ask('POST', '/runs/claim', { channel_prefix: 'private-ai-', worker_id: 'w' });
  await other.say('ai-input', 'a');
  await other.say('ai-cancel', 'a');
  await vi.waitFor(async () =>
    expect(await eventsOf(other)).toEqual(['ai-input', 'ai-cancel', 'ai-run-end']),
  );
  for (const node of [asked, other]) await node.close();
});

async function eventsOf({ log }: RunNode): Promise<readonly string[]> {
  const page = await log.read({ appId: 'app', channel: CHANNEL }, { direction: 'oldest-first', limit: 10 });
  return page.kind === 'gap' ? [] : page.entries.map(({ event }) => event);
}

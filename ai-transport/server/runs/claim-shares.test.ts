// How the places of waiting requests are shared out among the apps of a node.
import type { App } from '@sockudo/server/plugins';
import { expect, it } from 'vitest';
import type { ClaimQueue, ClaimWish } from './claim-queue.ts';
import { ClaimWaiters } from './claim-waiters.ts';

const wish: ClaimWish = { channelPrefix: 'a', workerId: 'w', limit: 1, leaseMs: 1000, perChannel: 1 };
const ended = (): boolean => true;

function world() {
  // CAST: the members that waiters use.
  const queue = {
    take: async () => ({ claims: [], busy: [] }),
    firstAtMs: async () => null,
  } as unknown as ClaimQueue;
  const waiters = new ClaimWaiters({ queue, isAlone: true, now: () => 0 });
  const pending: Promise<unknown>[] = [];
  /** Asks so often; answers how many of the requests wait. */
  async function ask(id: string, count: number, isOver = () => false): Promise<number> {
    let answered = 0;
    // CAST: an app is its id here.
    const app = { id } as App;
    for (let index = 0; index < count; index += 1)
      pending.push(waiters.claim(app, wish, 20_000, isOver).then(() => (answered += 1)));
    await new Promise(setImmediate);
    return count - answered;
  }
  const close = async () => {
    waiters.close();
    await Promise.all(pending);
  };
  return { ask, close };
}

it('one app has half of them at most, and each that comes has half of what is left', async () => {
  const { ask, close } = world();
  expect(await ask('greedy', 1500)).toBe(512);
  expect(await ask('second', 1500)).toBe(256);
  expect(await ask('third', 10)).toBe(10);
  expect(await ask('greedy', 1)).toBe(0);
  await close();
});

it('what has ended makes room again', async () => {
  const { ask, close } = world();
  for (let round = 0; round < 3; round += 1) expect(await ask('app', 400, ended)).toBe(0);
  expect(await ask('app', 400)).toBe(400);
  await close();
});

// What a claim costs, however much waits: counted in questions to the store and in the rows that it gives.
import { encodeRun, newRun } from '@sockudo/ai-transport/wire';
import type { App } from '@sockudo/server/plugins';
import type { RecordSearch } from '@sockudo/server/ports';
import { expect, it } from 'vitest';
import { ClaimQueue } from './claim-queue.ts';
import type { RunLog, RunPlace } from './run-log.ts';
import type { WorkersSeen } from './workers-seen.ts';

// CAST: an app is its id here.
const app = { id: 'app' } as App;
const wish = { channelPrefix: 's', workerId: 'w', limit: 16, leaseMs: 1000, perChannel: 1 };
const RUNS = 10_000;

/** So many queued runs, on the channels that `channelOf` gives; none runs, or one in every channel does. */
function world(channelOf: (index: number) => string, isBusy: boolean) {
  const queued = Array.from({ length: RUNS }, (_, index) => ({ channel: channelOf(index), id: `r${index}` }));
  const running = new Set(isBusy ? queued.map(({ channel }) => channel) : []);
  const cost = { searches: 0, rows: 0, lists: 0, changes: 0 };
  const log = {
    search: async ({ limit, exceptChannels = [] }: RecordSearch) => {
      const except = new Set(exceptChannels);
      const found = queued.filter(({ channel }) => !except.has(channel)).slice(0, limit);
      cost.searches += 1;
      cost.rows += found.length;
      return found.map(({ channel, id }) => ({ key: { appId: app.id, channel }, id }));
    },
    records: async ({ channel }: { channel: string }) => {
      cost.lists += 1;
      return { records: running.has(channel) ? [RUNNING] : [] };
    },
  };
  const change = async ({ channel, runId }: RunPlace) => {
    cost.changes += 1;
    running.add(channel);
    queued.splice(
      queued.findIndex(({ id }) => id === runId),
      1,
    );
    return { kind: 'changed', after: { run: newRun(runId, 0), ordinal: 1 } };
  };
  // CAST: the members that the queue uses.
  const runs = { of: () => log, change } as unknown as RunLog;
  const workers = { saw: () => {} } as unknown as WorkersSeen;
  return { queue: new ClaimQueue({ runs, isAlone: true, workers, now: () => 0 }), cost };
}

const RUNNING = { id: 'x', kind: 'run', state: 'running', ordinal: 1, value: encodeRun(newRun('x', 0)) };

it.each([
  ['one session', () => 's', 1, { searches: 2, rows: 128, lists: 2, changes: 1 }],
  ['10,000 sessions', (index: number) => `s${index}`, 16, { searches: 1, rows: 64, lists: 16, changes: 16 }],
])('takes from 10,000 queued runs of %s without looking at all', async (_, channelOf, claims, most) => {
  const { queue, cost } = world(channelOf, false);
  expect((await queue.take(app, wish)).claims).toHaveLength(claims);
  for (const name of ['searches', 'rows', 'lists', 'changes'] as const)
    expect(cost[name]).toBeLessThanOrEqual(most[name]);
});

it('gives up after 2048 sessions that have enough to do', async () => {
  const { queue, cost } = world((index) => `s${index}`, true);
  const { claims, busy } = await queue.take(app, wish);
  expect([claims.length, busy.length]).toEqual([0, 2048]);
  expect(cost).toEqual({ searches: 32, rows: 2048, lists: 2048, changes: 0 });
});

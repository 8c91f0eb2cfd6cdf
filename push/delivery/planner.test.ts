import { type NewJob, QueueFull } from '@sockudo/server/ports';
import { describe, expect, it } from 'vitest';
import { createMemoryKeyedStore } from '../../core/server/memory/keyed-store.ts';
import { FakeRepository } from '../testing/fake-repository.ts';
import { browsers } from '../testing/running-delivery.ts';
import { Collapse } from './collapse.ts';
import { type PlanJob, parseBatchJob, parsePlanJob, SHARD_QUEUE } from './jobs.ts';
import { Planner } from './planner.ts';

function planner() {
  const repository = new FakeRepository();
  const added: (readonly NewJob[])[] = [];
  const full: Error[] = [];
  const add = async (jobs: readonly NewJob[]): Promise<void> => {
    const error = full.pop();
    if (error !== undefined) throw error;
    added.push(jobs);
  };
  const collapse = new Collapse(createMemoryKeyedStore());
  const made = new Planner({ repository, collapse, add, shardSize: 100_000 });
  const run = (job: Partial<PlanJob> = {}, attempt = 1) => {
    const whole = { appId: 'shop', publishId: 'p', cursor: null, planned: 0, ...job };
    return made.run({ payload: JSON.stringify(whole), attempt });
  };
  return { repository, added, full, run, made };
}

describe('Planner', () => {
  it('adds the batches of a page and the job of the next page in one step', async () => {
    const { repository, added, run } = planner();
    repository.subscribe('news', browsers(1700));
    repository.accept('p', { fanoutRegime: 'shardPath' });
    expect(await run()).toEqual({ kind: 'done' });
    expect(added).toHaveLength(1);
    const [first, second, follower] = added[0] ?? [];
    const targets = [first, second].map((job) => parseBatchJob(job?.payload ?? '')?.targets.length);
    expect(targets).toEqual([500, 500]);
    expect(follower?.queue).toBe(SHARD_QUEUE);
    expect(parsePlanJob(follower?.payload ?? '')).toEqual({
      appId: 'shop',
      publishId: 'p',
      cursor: '1000',
      planned: 1000,
    });
    expect(repository.of('p')).toMatchObject({ planned: 1000, isComplete: false });
    await run({ cursor: '1000', planned: 1000 });
    expect(added[1]).toHaveLength(2);
    expect(repository.of('p')).toMatchObject({ planned: 1700, isComplete: true });
  });

  it('comes to the same when a page is planned again', async () => {
    const { repository, added, run } = planner();
    repository.subscribe('news', browsers(10));
    repository.accept('p');
    await run();
    await run();
    expect(added[0]).toEqual(added[1]);
    expect(repository.of('p').planned).toBe(10);
  });

  it('keeps no ids of recipients in jobs but their own', async () => {
    const { repository, added, run } = planner();
    repository.subscribe('news', browsers(1));
    repository.accept('p');
    await run();
    expect(JSON.stringify(added)).not.toContain('example.com');
  });

  it('waits for room in the queue, and counts nothing before', async () => {
    const { repository, full, run } = planner();
    repository.subscribe('news', browsers(1));
    repository.accept('p');
    full.push(new QueueFull('full'));
    expect(await run()).toMatchObject({ kind: 'retry' });
    expect(repository.of('p').planned).toBe(0);
    expect(await run()).toEqual({ kind: 'done' });
    expect(repository.of('p').planned).toBe(1);
  });

  it('does not run far ahead of the senders, and waits for them only so long', async () => {
    const { repository, added, run } = planner();
    repository.subscribe('news', browsers(9500));
    repository.accept('p');
    await repository.planned('shop', 'p', { planned: 9000, complete: false });
    const ninth = { cursor: '9000', planned: 9000 };
    expect(await run(ninth)).toMatchObject({ kind: 'retry' });
    expect(added).toEqual([]);
    expect(await run(ninth, 21)).toEqual({ kind: 'done' });
    expect(added).toHaveLength(1);
  });

  it('drops the job of a publish that is over, and buries what is none', async () => {
    const { repository, added, run, made } = planner();
    repository.accept('p');
    repository.cancel('p');
    expect(await run()).toEqual({ kind: 'done' });
    expect(await made.run({ payload: '{"appId":1}', attempt: 1 })).toMatchObject({ kind: 'dead' });
    expect(added).toEqual([]);
  });
});

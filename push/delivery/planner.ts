// Finds who is meant by a publish, one page a job: the batches of a page and the job for the next page enter the queue in one
// step, so a crash repeats a page at most, and no audience is ever in memory as a whole.
import { type Job, type JobOutcome, type NewJob, QueueFull } from '@sockudo/server/ports';
import {
  type AcceptedPublish,
  type AudienceMember,
  type AudiencePage,
  type ProviderName,
  type PushRepository,
  providerOf,
} from '../contracts.ts';
import type { Collapse } from './collapse.ts';
import {
  batchJobOf,
  compactRef,
  MAX_BATCH_TARGETS,
  type PlanJob,
  PUBLISH_QUEUE,
  parsePlanJob,
  planJobOf,
  SHARD_QUEUE,
} from './jobs.ts';

/** Pause while the queue is full. */
const FULL_PAUSE_MS = 1_000;
/** Members of one page at most. */
const MAX_PAGE = 1_000;
/**
 * Targets of one publish that may be with the senders: what is more would only stand in the queue before the pushes of others.
 * Where they do not get fewer, because their service is left alone, the next page comes nevertheless.
 */
const MAX_UNSETTLED = 8_000;
const UNSETTLED_PAUSE_MS = 250;
const MAX_PAUSES = 20;

export interface PlannerDeps {
  readonly repository: Pick<PushRepository, 'begin' | 'publish' | 'audience' | 'planned' | 'unsettled'>;
  readonly collapse: Collapse;
  readonly add: (jobs: readonly NewJob[]) => Promise<void>;
  /** Members of one page. */
  readonly shardSize: number;
}

export class Planner {
  readonly #deps: PlannerDeps;

  constructor(deps: PlannerDeps) {
    this.#deps = deps;
  }

  async run({ payload, attempt }: Pick<Job, 'payload' | 'attempt'>): Promise<JobOutcome> {
    const job = parsePlanJob(payload);
    if (job === null) return { kind: 'dead', reason: 'unreadable job' };
    const { repository } = this.#deps;
    const { appId, publishId, cursor } = job;
    const publish = await (cursor === null
      ? repository.begin(appId, publishId)
      : repository.publish(appId, publishId));
    if (publish === null) return { kind: 'done' };
    if (cursor !== null && attempt <= MAX_PAUSES && (await this.#isFull(job))) {
      return { kind: 'retry', delayMs: UNSETTLED_PAUSE_MS, reason: 'earlier pages are being sent' };
    }
    try {
      await this.#planPage(publish, job);
    } catch (error) {
      if (!(error instanceof QueueFull)) throw error;
      return { kind: 'retry', delayMs: FULL_PAUSE_MS, reason: 'the queue is full' };
    }
    return { kind: 'done' };
  }

  async #isFull({ appId, publishId, planned }: PlanJob): Promise<boolean> {
    if (planned < MAX_UNSETTLED) return false;
    return (await this.#deps.repository.unsettled(appId, publishId)) >= MAX_UNSETTLED;
  }

  async #planPage(publish: AcceptedPublish, job: PlanJob): Promise<void> {
    const { repository, collapse, add } = this.#deps;
    const limit = Math.min(this.#deps.shardSize, MAX_PAGE);
    const page = await repository.audience(publish, job.cursor, limit);
    await collapse.claim(
      publish,
      page.members.map(({ ref }) => ref),
    );
    const planned = job.planned + page.members.length;
    await add([...batchesOf(publish, page.members), ...followerOf(publish, page, planned)]);
    const { appId, publishId } = publish;
    await repository.planned(appId, publishId, { planned, complete: page.next === null });
  }
}

function batchesOf(publish: AcceptedPublish, members: readonly AudienceMember[]): NewJob[] {
  const byProvider = new Map<ProviderName, AudienceMember[]>();
  for (const member of members) {
    const provider = providerOf(member.recipient);
    const others = byProvider.get(provider);
    if (others === undefined) byProvider.set(provider, [member]);
    else others.push(member);
  }
  return [...byProvider].flatMap(([provider, all]) => {
    const batches: NewJob[] = [];
    for (let start = 0; start < all.length; start += MAX_BATCH_TARGETS) {
      const targets = all.slice(start, start + MAX_BATCH_TARGETS).map(({ ref }) => compactRef(ref));
      const { appId, publishId } = publish;
      batches.push(batchJobOf({ appId, publishId, provider, targets, attempt: 1, firstAttemptAtMs: null }));
    }
    return batches;
  });
}

/** A large audience goes on in a queue of its own, so that small ones need not wait behind it. */
function followerOf(
  publish: AcceptedPublish,
  { next, nextAfterMs }: AudiencePage,
  planned: number,
): NewJob[] {
  if (next === null) return [];
  const { appId, publishId, fanoutRegime } = publish;
  const queue = fanoutRegime === 'shardPath' ? SHARD_QUEUE : PUBLISH_QUEUE;
  return [planJobOf(queue, { appId, publishId, cursor: next, planned }, nextAfterMs)];
}

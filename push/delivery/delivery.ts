// Puts the stages of delivery together on the work queue: plan → shards → send, with feedback written by the sender itself. It
// is a Dispatcher for the domain; what it knows of devices and publishes it asks the repository.
import type { PushSettings } from '@sockudo/server/plugins';
import type { JobHandler, JobWorker, KeyedStore, WorkQueue } from '@sockudo/server/ports';
import {
  type AcceptedPublish,
  type Credentials,
  type Dispatcher,
  PROVIDER_NAMES,
  type PushRepository,
  providerOf,
  type Replay,
} from '../contracts.ts';
import type { Providers } from '../providers/index.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { Collapse } from './collapse.ts';
import { FairSlots } from './fair-slots.ts';
import {
  ALL_QUEUES,
  batchJobOf,
  compactRef,
  deliveryQueue,
  PUBLISH_QUEUE,
  planJobOf,
  SHARD_QUEUE,
} from './jobs.ts';
import { Planner } from './planner.ts';
import { ResultWriter } from './result-writer.ts';
import { BATCHES_AT_ONCE, Sender } from './sender.ts';

export interface DeliveryDeps {
  readonly settings: Pick<PushSettings, 'workers' | 'retry' | 'shardSize'>;
  readonly queue: WorkQueue;
  readonly store: KeyedStore;
  readonly repository: PushRepository;
  readonly credentials: Credentials;
  /** Owned by the caller, closed after delivery. */
  readonly providers: Providers;
  /** Hears of defects: a provider that threw. Must not throw. */
  readonly onError: (error: unknown) => void;
  readonly now?: () => number;
}

const CLOSE_TIMEOUT_MS = 5_000;
/** Counting a long queue costs; the answer may be so old. */
const BACKLOG_MS = 500;

/** Begins to work at once, on what an earlier process left too. A stage without workers is left to other nodes. */
export function startDelivery(deps: DeliveryDeps): Dispatcher {
  return new Delivery(deps);
}

class Delivery implements Dispatcher {
  readonly #deps: DeliveryDeps;
  readonly #now: () => number;
  readonly #workers: readonly JobWorker[];
  #backlog: { readonly atMs: number; readonly count: Promise<number> } | null = null;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    this.#workers = startWorkers(deps, this.#now);
  }

  async accept({ appId, publishId, notBeforeMs = 0 }: AcceptedPublish): Promise<void> {
    const delayMs = Math.max(0, notBeforeMs - this.#now());
    await this.#deps.queue.add([
      planJobOf(PUBLISH_QUEUE, { appId, publishId, cursor: null, planned: 0 }, delayMs),
    ]);
  }

  /** The stages ask the repository before each batch: nothing has to be looked for. */
  async cancel(): Promise<void> {}

  async replay({ appId, publishId, ref, replayId }: Replay): Promise<void> {
    const publish = await this.#deps.repository.publishForReplay(appId, publishId);
    if (publish === null) return;
    const [recipient] = await this.#deps.repository.recipients(publish, [ref]);
    // Of one that is gone any queue will find that out.
    const provider = recipient === null || recipient === undefined ? 'realtime' : providerOf(recipient);
    const targets = [compactRef(ref)];
    await this.#deps.queue.add([
      batchJobOf({ appId, publishId, provider, targets, attempt: 1, firstAttemptAtMs: null, replayId }),
    ]);
  }

  backlog(): Promise<number> {
    const nowMs = this.#now();
    if (this.#backlog === null || nowMs - this.#backlog.atMs >= BACKLOG_MS) {
      this.#backlog = { atMs: nowMs, count: this.#count() };
    }
    return this.#backlog.count;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close(CLOSE_TIMEOUT_MS)));
  }

  async #count(): Promise<number> {
    const counts = await Promise.all(ALL_QUEUES.map((queue) => this.#deps.queue.counts(queue)));
    return counts.reduce((sum, { waiting }) => sum + waiting, 0);
  }
}

function startWorkers(deps: DeliveryDeps, now: () => number): JobWorker[] {
  const { settings, queue, repository, store, credentials, providers } = deps;
  const { workers, retry, shardSize } = settings;
  const add = queue.add.bind(queue);
  const collapse = new Collapse(store, now);
  const planner = new Planner({ repository, collapse, add, shardSize });
  const shared = {
    repository,
    collapse,
    credentials,
    retry,
    now,
    add,
    results: new ResultWriter(repository),
    onError: deps.onError,
    breaker: new CircuitBreaker({}, now),
    lanes: workers.maxOutboundRequests,
  };
  const started: JobWorker[] = [];
  const start = (name: string, concurrency: number, handler: JobHandler): void => {
    if (concurrency > 0) started.push(queue.process(name, handler, { concurrency }));
  };
  start(PUBLISH_QUEUE, workers.planners, (job) => planner.run(job));
  start(SHARD_QUEUE, workers.shards, (job) => planner.run(job));
  for (const name of PROVIDER_NAMES) {
    const slots = new FairSlots(workers.dispatchers * workers.maxOutboundRequests);
    const sender = new Sender({ ...shared, slots, provider: providers.get(name) });
    const batches = workers.dispatchers === 0 ? 0 : BATCHES_AT_ONCE;
    start(deliveryQueue(name), batches, (job) => sender.run(job));
  }
  return started;
}

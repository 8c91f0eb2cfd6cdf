// Sends the batches of one provider. Several are in hand at once; an app has so many of them at most, and the places for
// requests are shared among the apps, so that a publish to a hundred thousand keeps no other waiting for long.
import { type Job, type JobOutcome, type NewJob, QueueFull } from '@sockudo/server/ports';
import type {
  AcceptedPublish,
  Credential,
  Credentials,
  JsonObject,
  Provider,
  PushRepository,
} from '../contracts.ts';
import { Batch, type BatchDeps, type Target } from './batch.ts';
import { type BatchJob, parseBatchJob } from './jobs.ts';
import { type Attempt, type SendDeps, sendOne } from './send-one.ts';

/** Batches in hand of one provider. */
export const BATCHES_AT_ONCE = 32;
/** Of them of one app. */
const MAX_BATCHES_OF_APP = 24;
/** What is beyond comes back so much later. */
const TURN_MS = 500;
/** Pause while the queue is full. */
const FULL_PAUSE_MS = 1_000;

export interface SenderDeps extends BatchDeps, SendDeps {
  readonly repository: Pick<
    PushRepository,
    'publish' | 'publishForReplay' | 'settled' | 'recipients' | 'read' | 'recordRetries'
  >;
  readonly provider: Provider;
  readonly credentials: Credentials;
  readonly add: (jobs: readonly NewJob[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Requests of one batch at once. */
  readonly lanes: number;
}

export class Sender {
  readonly #deps: SenderDeps;
  /** Batches in hand by app. */
  readonly #inHand = new Map<string, number>();

  constructor(deps: SenderDeps) {
    this.#deps = deps;
  }

  async run({ payload, signal }: Pick<Job, 'payload' | 'signal'>): Promise<JobOutcome> {
    const job = parseBatchJob(payload);
    if (job === null) return { kind: 'dead', reason: 'unreadable job' };
    const inHand = this.#inHand.get(job.appId) ?? 0;
    if (inHand >= MAX_BATCHES_OF_APP) {
      return { kind: 'retry', delayMs: TURN_MS, reason: 'other batches of the app are sent' };
    }
    this.#inHand.set(job.appId, inHand + 1);
    try {
      return await this.#send(job, signal);
    } finally {
      const left = (this.#inHand.get(job.appId) ?? 1) - 1;
      if (left === 0) this.#inHand.delete(job.appId);
      else this.#inHand.set(job.appId, left);
    }
  }

  async #send(job: BatchJob, signal: AbortSignal): Promise<JobOutcome> {
    const { repository } = this.#deps;
    const { appId, publishId, replayId } = job;
    const publish = await (replayId === undefined
      ? repository.publish(appId, publishId)
      : repository.publishForReplay(appId, publishId));
    if (publish === null) return { kind: 'done' };
    const batch = new Batch(publish, job, this.#deps);
    const targets = await batch.targets();
    await this.#sendAll(batch, targets, signal);
    await batch.recorded();
    if (signal.aborted) return { kind: 'release' };
    return this.#finish(batch, targets.length);
  }

  /** What is aborted is neither recorded nor repeated here: the batch is given back. */
  async #sendAll(batch: Batch, targets: readonly Target[], signal: AbortSignal): Promise<void> {
    if (targets.length === 0) return;
    const { publish } = batch;
    const payload = payloadFor(publish, this.#deps.provider);
    const credential = await this.#deps.credentials.resolve(publish.appId, this.#deps.provider.name);
    const missing = missingFor(this.#deps.provider, payload, credential);
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let target = targets[next]; target !== undefined && !signal.aborted; target = targets[next]) {
        next += 1;
        const attempt = missing ?? (await this.#sendTo(batch, target, payload ?? {}, credential, signal));
        if (attempt !== null) batch.took(target, attempt);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#deps.lanes, targets.length) }, lane));
  }

  /** Null: aborted. What nobody expected costs its target an attempt, and not the batch. */
  async #sendTo(
    batch: Batch,
    target: Target,
    payload: JsonObject,
    credential: Credential | null,
    signal: AbortSignal,
  ): Promise<Attempt | null> {
    try {
      const delivery = batch.deliveryTo(target, payload, credential);
      return await sendOne(this.#deps, this.#deps.provider, delivery, signal);
    } catch (error) {
      if (signal.aborted) return null;
      this.#deps.onError(error);
      return { kind: 'retry', failureClass: 'unknown', reason: 'internal error' };
    }
  }

  async #finish(batch: Batch, sent: number): Promise<JobOutcome> {
    const { repository, add, now } = this.#deps;
    const { appId, publishId, attempt, replayId } = batch.job;
    const jobs = [...batch.retries.jobs(), ...batch.movedJobs()];
    try {
      if (jobs.length > 0) await add(jobs);
    } catch (error) {
      if (!(error instanceof QueueFull)) throw error;
      return { kind: 'retry', delayMs: FULL_PAUSE_MS, reason: 'the queue is full' };
    }
    const scheduled = batch.retries.counts(now());
    const attempted = attempt > 1 ? sent : 0;
    if (replayId === undefined && (scheduled !== null || attempted > 0)) {
      await repository.recordRetries(appId, publishId, { ...scheduled, ...(attempted > 0 && { attempted }) });
    }
    return { kind: 'done' };
  }
}

function payloadFor(publish: AcceptedPublish, { name }: Provider): JsonObject | null {
  return publish.rendered.find(({ provider }) => provider === name)?.payload ?? null;
}

/** Without which nothing can be sent; null: all is there. */
function missingFor(
  { name }: Provider,
  payload: JsonObject | null,
  credential: Credential | null,
): Extract<Attempt, { kind: 'rejected' }> | null {
  if (payload === null) {
    return { kind: 'rejected', failureClass: 'caller_payload', reason: 'no payload for this provider' };
  }
  if (credential === null && name !== 'realtime') {
    return { kind: 'rejected', failureClass: 'credential_auth', reason: 'no credential' };
  }
  return null;
}

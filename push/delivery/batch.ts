// One batch while it is sent: who of it is still to be sent to, and what became of each. The batch may have been sent in part
// before (a crash, a lost lease): targets with a result are left out.
import type { NewJob } from '@sockudo/server/ports';
import {
  type AcceptedPublish,
  type Credential,
  type Delivery,
  type DeliveryResult,
  type JsonObject,
  type PushRepository,
  providerOf,
  type Recipient,
  type TargetRef,
  tokenHashOf,
} from '../contracts.ts';
import type { Collapse } from './collapse.ts';
import { type BatchJob, batchJobOf, compactRef, refOf } from './jobs.ts';
import type { ResultWriter } from './result-writer.ts';
import { Retries } from './retries.ts';
import { type RetryPolicy, retryPauseMs } from './retry-policy.ts';
import type { Attempt } from './send-one.ts';

export interface BatchDeps {
  readonly repository: Pick<PushRepository, 'settled' | 'recipients' | 'read'>;
  readonly collapse: Collapse;
  readonly results: ResultWriter;
  readonly retry: RetryPolicy;
  readonly now: () => number;
}

/** A target to send to. */
export interface Target {
  readonly ref: TargetRef;
  readonly recipient: Recipient;
}

type Outcome = DeliveryResult['outcome'];

export class Batch {
  readonly publish: AcceptedPublish;
  readonly job: BatchJob;
  readonly retries: Retries;
  readonly #deps: BatchDeps;
  readonly #firstAttemptAtMs: number;
  /** Results on their way into the store. At most one for each target. */
  readonly #recording: Promise<void>[] = [];
  readonly #moved = new Map<Recipient['transportType'], { recipient: Recipient; refs: TargetRef[] }>();

  constructor(publish: AcceptedPublish, job: BatchJob, deps: BatchDeps) {
    this.publish = publish;
    this.job = job;
    this.#deps = deps;
    this.#firstAttemptAtMs = job.firstAttemptAtMs ?? deps.now();
    this.retries = new Retries(job, this.#firstAttemptAtMs);
  }

  /** Those that are to be sent to now. What the others came to is on its way into the store. */
  async targets(): Promise<readonly Target[]> {
    const all = this.job.targets.map(refOf);
    const open = await this.#open(all);
    const recipients = await this.#deps.repository.recipients(this.publish, open);
    const isReplaced = await this.#deps.collapse.replaced(this.publish, open);
    const isRead = this.#mayBeRead ? await this.#deps.repository.read(this.publish, open) : [];
    return open.flatMap((ref, index) => {
      const recipient = recipients[index] ?? null;
      if (recipient === null) this.#record(ref, '', { kind: 'gone' });
      else if (this.#isOver() || isReplaced[index] === true || isRead[index] === true) {
        this.#record(ref, tokenHashOf(recipient), { kind: 'expired' });
      } else if (providerOf(recipient) === this.job.provider) return [{ ref, recipient }];
      else this.#move(ref, recipient);
      return [];
    });
  }

  deliveryTo({ recipient }: Target, payload: JsonObject, credential: Credential | null): Delivery {
    const { appId, publishId, expiresAtMs, collapseKey } = this.publish;
    const leftMs = expiresAtMs === undefined ? null : expiresAtMs - this.#deps.now();
    return {
      appId,
      publishId,
      recipient,
      payload,
      credential,
      ...(leftMs !== null && { ttlSeconds: Math.max(0, Math.ceil(leftMs / 1000)) }),
      ...(collapseKey !== undefined && { collapseKey }),
    };
  }

  /** What an attempt at a target came to. */
  took({ ref, recipient }: Target, attempt: Attempt): void {
    switch (attempt.kind) {
      case 'accepted':
      case 'rejected':
        this.#record(ref, tokenHashOf(recipient), attempt);
        break;
      case 'deferred':
        this.#wait(ref, recipient, attempt.waitMs);
        break;
      case 'retry':
        this.#again(ref, recipient, attempt);
        break;
    }
  }

  /** Devices that have moved to another provider since they were planned. */
  movedJobs(): NewJob[] {
    return [...this.#moved.values()].map(({ recipient, refs }) =>
      batchJobOf({ ...this.job, provider: providerOf(recipient), targets: refs.map(compactRef) }),
    );
  }

  /** Resolves when every result so far is recorded. */
  async recorded(): Promise<void> {
    const { appId, publishId } = this.publish;
    this.#deps.results.hurry(appId, publishId);
    await Promise.all(this.#recording);
  }

  async #open(refs: readonly TargetRef[]): Promise<readonly TargetRef[]> {
    // A replay is wanted although there is a result.
    if (this.job.replayId !== undefined) return refs;
    const settled = await this.#deps.repository.settled(this.job.appId, this.job.publishId, refs);
    return refs.filter((_, index) => settled[index] !== true);
  }

  #isOver(): boolean {
    const { expiresAtMs } = this.publish;
    return expiresAtMs !== undefined && expiresAtMs <= this.#deps.now();
  }

  #move(ref: TargetRef, recipient: Recipient): void {
    const moved = this.#moved.get(recipient.transportType);
    if (moved === undefined) this.#moved.set(recipient.transportType, { recipient, refs: [ref] });
    else moved.refs.push(ref);
  }

  #again(ref: TargetRef, recipient: Recipient, attempt: Extract<Attempt, { kind: 'retry' }>): void {
    const { failureClass, reason, retryAfterMs } = attempt;
    const pauseMs = retryPauseMs(this.#deps.retry, {
      attempt: this.job.attempt,
      elapsedMs: this.#elapsedMs(),
      retryAfterMs,
      // Of one batch those that failed alike go together.
      key: `${this.publish.publishId} ${this.job.attempt} ${String(this.job.targets[0])}`,
    });
    if (pauseMs === null) {
      this.#record(ref, tokenHashOf(recipient), { kind: 'dead', failureClass, reason });
    } else if (this.#endsBefore(pauseMs)) {
      this.#record(ref, tokenHashOf(recipient), { kind: 'expired' });
    } else {
      this.retries.again(ref, pauseMs);
    }
  }

  #wait(ref: TargetRef, recipient: Recipient, pauseMs: number): void {
    if (this.#endsBefore(pauseMs)) this.#record(ref, tokenHashOf(recipient), { kind: 'expired' });
    else if (this.#elapsedMs() + pauseMs > this.#deps.retry.maxElapsedMs) {
      const outcome = { kind: 'dead', failureClass: 'provider_transient', reason: 'circuit open' } as const;
      this.#record(ref, tokenHashOf(recipient), outcome);
    } else this.retries.later(ref, pauseMs);
  }

  /** What goes out at once can hardly have been read: it is spared the question. */
  get #mayBeRead(): boolean {
    const { collapseKey, notBeforeMs, lastUsedFirst } = this.publish;
    return (
      this.job.attempt > 1 ||
      collapseKey !== undefined ||
      notBeforeMs !== undefined ||
      lastUsedFirst !== undefined
    );
  }

  #elapsedMs(): number {
    return Math.max(0, this.#deps.now() - this.#firstAttemptAtMs);
  }

  #endsBefore(pauseMs: number): boolean {
    const { expiresAtMs } = this.publish;
    return expiresAtMs !== undefined && this.#deps.now() + pauseMs >= expiresAtMs;
  }

  #record(ref: TargetRef, tokenHash: string, outcome: Outcome): void {
    const { appId, publishId } = this.publish;
    const { provider, attempt, replayId } = this.job;
    const result = {
      ref,
      provider,
      tokenHash,
      attempt,
      outcome,
      ...(replayId !== undefined && { replayId }),
    };
    const recording = this.#deps.results.add(appId, publishId, result);
    // Whether it failed is asked by `recorded`.
    recording.catch(() => {});
    this.#recording.push(recording);
  }
}

// Tells apps' backends what happened: takes events from the rest of the server without ever making it wait or fail, and sees
// them through filter, signature, queue and delivery. Knows nothing of connections and channels beyond the events themselves.
import type { Agent } from 'undici';
import type { Counters } from '../metrics/counters.ts';
import { createGuardedAgent, type GuardedAgentOptions } from '../net/guarded-agent.ts';
import type { Job, JobOutcome, JobWorker, WorkQueue } from '../ports/work-queue.ts';
import type { Settings } from '../settings.ts';
import { DelayedEvents, type StillTrue } from './delayed-events.ts';
import { deliver, originOf } from './delivery.ts';
import { type DeliveryJob, deliveryJobs, type EventBatch, parseDeliveryJob } from './delivery-job.ts';
import { EventBatcher } from './event-batcher.ts';
import type { WebhookEvent } from './webhook-event.ts';
import { isEventWanted, type WebhookApp } from './webhook-filter.ts';

/** Name of the queue, as Sockudo names it. */
export const WEBHOOK_QUEUE = 'webhooks';

/** Requests under way at once in this process, over all endpoints. */
const MAX_CONCURRENT_DELIVERIES = 20;
const MAX_PENDING_EVENTS = 10_000;
const MAX_PENDING_CHARS = 32 * 1024 * 1024;
const MAX_DELAYED_EVENTS = 100_000;
const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;

export interface Webhooks {
  /** An event that happened. Synchronous, never throws; does nothing for events that no endpoint lists. */
  emit(app: WebhookApp, event: WebhookEvent): void;
  /** An event that counts only if `stillTrue` says so after the delay. Late at shutdown it is asked at once. */
  emitLater(app: WebhookApp, event: WebhookEvent, delayMs: number, stillTrue: StillTrue): void;
  /** Decides what is delayed, stores what is batched, delivers what is due, within the time given. The queue stays open. */
  close(): Promise<void>;
}

/** The part of a pino logger that is used here. */
export interface WebhookLogger {
  debug(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export interface WebhooksOptions {
  /** Its durability is that of events not yet delivered. */
  readonly queue: WorkQueue;
  readonly settings: Settings['webhooks'];
  readonly logger: WebhookLogger;
  readonly counters: Pick<Counters, 'of'>;
  /** Most time that `close` takes for delivering; default 5000. */
  readonly closeTimeoutMs?: number;
  /** In place of the system's resolver, for tests. */
  readonly resolve?: GuardedAgentOptions['resolve'];
}

export function createWebhooks(options: WebhooksOptions): Webhooks {
  return new QueuedWebhooks(options);
}

class QueuedWebhooks implements Webhooks {
  readonly #options: WebhooksOptions;
  readonly #agent: Agent;
  readonly #worker: JobWorker;
  readonly #batcher: EventBatcher;
  readonly #delayed: DelayedEvents;
  #isDropping = false;
  #closing: Promise<void> | null = null;

  constructor(options: WebhooksOptions) {
    const { queue, settings, resolve } = options;
    this.#options = options;
    this.#agent = createGuardedAgent({
      allowPrivateNetworks: settings.allowPrivateNetworks,
      ...(resolve === undefined ? {} : { resolve }),
    });
    this.#batcher = new EventBatcher({
      durationMs: settings.batch.enabled ? settings.batch.durationMs : 0,
      maxEvents: settings.batch.enabled ? settings.batch.maxEvents : 1,
      maxPendingEvents: MAX_PENDING_EVENTS,
      maxPendingChars: MAX_PENDING_CHARS,
      store: (batches) => this.#store(batches),
      onDrop: (app, events) => this.#drop(app, events),
      onStoreError: (err) => options.logger.warn({ err }, 'webhooks wait: the queue refuses them'),
    });
    this.#delayed = new DelayedEvents({
      emit: (app, event) => this.#batcher.add(app, event),
      onError: (app, err) => {
        options.counters.of(app.id).webhooksDropped += 1;
        options.logger.error({ err, app_id: app.id }, 'a delayed webhook event could not be checked');
      },
      maxPending: MAX_DELAYED_EVENTS,
    });
    this.#worker = queue.process(WEBHOOK_QUEUE, (job) => this.#deliver(job), {
      concurrency: MAX_CONCURRENT_DELIVERIES,
    });
  }

  emit(app: WebhookApp, event: WebhookEvent): void {
    if (isEventWanted(app, event)) this.#batcher.add(app, event);
  }

  emitLater(app: WebhookApp, event: WebhookEvent, delayMs: number, stillTrue: StillTrue): void {
    if (isEventWanted(app, event)) this.#delayed.add(app, event, delayMs, stillTrue);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const timeoutMs = this.#options.closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS;
    const endMs = performance.now() + timeoutMs;
    const leftMs = () => Math.max(0, endMs - performance.now());
    await within(this.#delayed.close(), leftMs());
    await this.#batcher.close(leftMs());
    await this.#worker.idle(leftMs());
    await this.#worker.close(leftMs());
    await this.#agent.destroy();
  }

  async #store(batches: readonly EventBatch[]): Promise<void> {
    const deliveries = batches.flatMap(deliveryJobs);
    await this.#options.queue.add(
      deliveries.map((delivery) => ({ queue: WEBHOOK_QUEUE, payload: JSON.stringify(delivery) })),
    );
    this.#isDropping = false;
  }

  /** Counted each time, told once until the queue takes events again. */
  #drop(app: WebhookApp, events: number): void {
    this.#options.counters.of(app.id).webhooksDropped += events;
    if (this.#isDropping) return;
    this.#isDropping = true;
    this.#options.logger.error({ app_id: app.id }, 'webhook events are dropped: too many wait for the queue');
  }

  async #deliver(job: Job): Promise<JobOutcome> {
    const delivery = parseDeliveryJob(job.payload);
    if (delivery === null) return { kind: 'dead', reason: 'not a webhook delivery' };
    const outcome = await deliver(delivery, job, this.#agent);
    this.#record(delivery, job, outcome);
    return outcome;
  }

  #record(delivery: DeliveryJob, job: Job, outcome: JobOutcome): void {
    const counters = this.#options.counters.of(delivery.appId);
    const fields = { app_id: delivery.appId, endpoint: originOf(delivery.url), attempt: job.attempt };
    switch (outcome.kind) {
      case 'done':
        counters.webhooksDelivered += 1;
        return;
      case 'retry':
        counters.webhooksRetried += 1;
        this.#options.logger.debug({ ...fields, reason: outcome.reason }, 'a webhook will be sent again');
        return;
      case 'dead':
        counters.webhooksFailed += 1;
        this.#options.logger.warn({ ...fields, reason: outcome.reason }, 'a webhook was given up');
        return;
      case 'release':
        return;
    }
  }
}

/** Resolves with the work or when the time is over, whichever comes first. */
function within(work: Promise<void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    void work.finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

// From a request to an accepted publish (push.md section 4.4): checked whole, then written with its status, then handed to
// delivery. Several come as one: each is checked before the first is written (divergence D77).
import { randomUUID } from 'node:crypto';
import { httpError, ProtocolError } from '@sockudo/protocol';
import type { RealtimeContext } from '@sockudo/server/plugins';
import type { KeyedOperation } from '@sockudo/server/ports';
import type {
  AcceptedPublish,
  Dispatcher,
  FanoutRegime,
  PublishState,
  RenderedPayload,
} from '../contracts.ts';
import type { PushMetrics } from '../metrics.ts';
import { invalid } from '../refusal.ts';
import type { Templates } from '../templates/templates.ts';
import type { Expected, ExpectedRecipients } from './expected.ts';
import type { Guard } from './guard.ts';
import type { Intent } from './intent.ts';
import type { Publishes } from './publishes.ts';
import type { Quotas } from './quotas.ts';
import { type Rendering, render } from './render.ts';
import { acceptWord, NO_COUNTS, type Status } from './status.ts';

export interface AdmissionParts {
  readonly publishes: Publishes;
  readonly templates: Templates;
  readonly expected: ExpectedRecipients;
  readonly guard: Guard;
  readonly quotas: Quotas;
  /** Publishes of an app in a second; null: they are not limited. */
  readonly limiter: { readonly perSecond: number; readonly cache: RealtimeContext['cache'] } | null;
  readonly dispatcher: Pick<Dispatcher, 'accept'>;
  readonly metrics: PushMetrics;
  readonly logger: Pick<RealtimeContext['logger'], 'info' | 'warn'>;
  /** Fewer expected recipients: fast path. */
  readonly fastThreshold: number;
}

export interface AcceptOptions {
  /** Counts against the rate of the app. */
  readonly isLimited: boolean;
  readonly overridesQuota: boolean;
}

/** The answer to a publish. */
export interface AcceptResult {
  readonly publishId: string;
  readonly status: string;
  readonly expectedRecipients: number;
  readonly fanoutRegime: FanoutRegime;
  readonly renderedPayloads: readonly RenderedPayload[];
}

/** An intent that passed every check that can refuse it. */
interface Checked {
  readonly intent: Intent;
  readonly publishId: string;
  readonly expected: Expected;
  readonly fanoutRegime: FanoutRegime;
  readonly rendering: Rendering;
}

const MAX_ATTEMPTS = 16;
const WINDOW_MS = 1000;

export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** In the order of the intents. @throws ProtocolError for the first that is refused; none is accepted then */
  async accept(
    appId: string,
    intents: readonly Intent[],
    options: AcceptOptions,
  ): Promise<readonly AcceptResult[]> {
    const counts = this.#parts.metrics.of(appId);
    const startedAtMs = performance.now();
    try {
      const checked: Checked[] = [];
      for (const intent of intents) checked.push(await this.#check(appId, intent));
      if (options.isLimited) await this.#limit(appId, intents.length);
      await this.#parts.guard.requireRoom();
      const results: AcceptResult[] = [];
      for (const item of checked) results.push(await this.#acceptOne(appId, item, options.overridesQuota));
      return results;
    } catch (error) {
      counts.accepted.add(['refused'], intents.length);
      throw error;
    } finally {
      counts.acceptanceSeconds.observe((performance.now() - startedAtMs) / 1000);
    }
  }

  async #check(appId: string, intent: Intent): Promise<Checked> {
    const { targets, payload, overrides } = intent;
    const expected = await this.#parts.expected.of(appId, targets);
    const fanoutRegime = expected.total < this.#parts.fastThreshold ? 'fastPath' : 'shardPath';
    const { templateId } = payload;
    const template = templateId === undefined ? null : await this.#parts.templates.get(appId, templateId);
    if (templateId !== undefined && template === null) {
      throw invalid(`push template ${templateId} not found`);
    }
    await this.#parts.guard.requireReady(appId, targets, fanoutRegime);
    const rendering = render(payload, overrides, template);
    return { intent, publishId: intent.publishId ?? randomUUID(), expected, fanoutRegime, rendering };
  }

  /** As if they came one after the other: several may begin while there is room, and all of them count. */
  async #limit(appId: string, publishes: number): Promise<void> {
    const { limiter, metrics } = this.#parts;
    if (limiter === null) return;
    let first = 0;
    try {
      for (let index = 0; index < publishes; index += 1) {
        const { count } = await limiter.cache.increment(`push:acceptance:${appId}`, WINDOW_MS);
        if (index === 0) first = count;
        if (first > limiter.perSecond) break;
      }
    } catch (error) {
      throw httpError('backpressure', 'the rate limiter of push is not available', { cause: error });
    }
    if (first <= limiter.perSecond) return;
    metrics.of(appId).acceptanceRefused += 1;
    throw httpError('rate_limited', 'too many push publishes in this second', { retryAfterSeconds: 1 });
  }

  async #acceptOne(appId: string, item: Checked, overridesQuota: boolean): Promise<AcceptResult> {
    const known = await this.#known(appId, item);
    if (known !== null) return known;
    const { expected, publishId } = item;
    const { quotas, metrics, logger } = this.#parts;
    if (overridesQuota) logger.info({ app_id: appId, audit: 'sockudo_push_audit' }, 'a quota was overridden');
    if (!overridesQuota && quotas.isExceeded(appId, expected)) return this.#refuseByQuota(appId, item);
    const publish = publishOf(appId, item);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const day = overridesQuota ? 'unlimited' : await quotas.ofDay(appId, expected.total);
      if (day === 'exceeded') return this.#refuseByQuota(appId, item);
      const more: KeyedOperation[] = day === 'unlimited' ? [] : [day];
      const outcome = await this.#parts.publishes.insert(publish, statusOf(item, 'queued'), more);
      if (outcome === 'conflict') continue;
      if (outcome === 'known') return (await this.#known(appId, item)) ?? resultOf(item, 'accepted');
      await this.#dispatch(publish);
      metrics.of(appId).accepted.add(['accepted']);
      metrics.of(appId).fanout.observe(expected.total);
      logger.info({ app_id: appId, expected: expected.total, regime: item.fanoutRegime }, 'push-accepted');
      return resultOf(item, 'accepted');
    }
    throw httpError('service_unavailable', `push quotas are changed too often at once: ${publishId}`);
  }

  /** The first of an id wins, whatever the others say; for as long as its status is kept. */
  async #known(appId: string, item: Checked): Promise<AcceptResult | null> {
    if (item.intent.publishId === null) return null;
    const status = await this.#parts.publishes.status(appId, item.publishId);
    if (status === null) return null;
    const first = await this.#parts.publishes.get(appId, item.publishId);
    this.#parts.metrics.of(appId).duplicates += 1;
    return {
      publishId: item.publishId,
      status: acceptWord(status.state),
      expectedRecipients: status.counters.planned,
      fanoutRegime: status.fanoutRegime,
      renderedPayloads: first?.rendered ?? item.rendering.payloads,
    };
  }

  async #refuseByQuota(appId: string, item: Checked): Promise<AcceptResult> {
    const { metrics, logger, publishes } = this.#parts;
    metrics.of(appId).quotaRefused += 1;
    metrics.of(appId).accepted.add(['quota_exceeded']);
    logger.info({ app_id: appId, expected: item.expected.total }, 'quota-event');
    await publishes.insert(publishOf(appId, item), statusOf(item, 'quota_exceeded'));
    return resultOf(item, 'quota_exceeded');
  }

  /** What the queue does not take now stays noted in the store: the repair brings it. */
  async #dispatch(publish: AcceptedPublish): Promise<void> {
    const { appId, publishId } = publish;
    try {
      await this.#parts.dispatcher.accept(publish);
      await this.#parts.publishes.isQueued(appId, publishId);
    } catch (error) {
      if (ProtocolError.is(error)) throw error;
      this.#parts.logger.warn({ err: error, app_id: appId }, 'a push could not be queued yet');
    }
  }
}

function publishOf(appId: string, { intent, publishId, fanoutRegime, rendering }: Checked): AcceptedPublish {
  const { targets, notBeforeMs, expiresAtMs, away, lastUsedFirst } = intent;
  const { payloads: rendered, collapseKey } = rendering;
  return {
    appId,
    publishId,
    targets,
    rendered,
    fanoutRegime,
    ...(collapseKey !== undefined && { collapseKey }),
    ...(notBeforeMs !== undefined && { notBeforeMs }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    ...(away !== undefined && { away }),
    ...(lastUsedFirst !== undefined && { lastUsedFirst }),
    acceptedAtMs: Date.now(),
  };
}

function statusOf({ intent: { notBeforeMs }, fanoutRegime }: Checked, state: PublishState): Status {
  const isLater = notBeforeMs !== undefined && notBeforeMs > Date.now();
  return {
    state,
    counters: NO_COUNTS,
    fanoutRegime,
    isPlanned: false,
    ...(isLater && { notBeforeMs, retryAfterMs: notBeforeMs }),
  };
}

const resultOf = (
  { publishId, expected, fanoutRegime, rendering }: Checked,
  status: string,
): AcceptResult => ({
  publishId,
  status,
  expectedRecipients: expected.total,
  fanoutRegime,
  renderedPayloads: rendering.payloads,
});

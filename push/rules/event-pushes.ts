// Pushes that come with events: those that an event asks for itself (`extras.push`, accepted before the event is published), and
// those that rules make of it afterwards, which never hold the event up (divergence D79).
import type { App, Publication, PublishFacts, PushRule, RealtimeContext } from '@sockudo/server/plugins';
import type { PushMetrics } from '../metrics.ts';
import type { Admission } from '../publish/admission.ts';
import { type Intent, type Payload, parsePayload } from '../publish/intent.ts';
import { RateWindows } from '../publish/rate-windows.ts';
import { matches, payloadOf } from './rule.ts';

export interface EventPushesParts {
  readonly rules: readonly PushRule[];
  readonly admission: Pick<Admission, 'accept'>;
  readonly metrics: PushMetrics;
  readonly logger: Pick<RealtimeContext['logger'], 'warn'>;
}

/** Neither is asked for by the caller of the HTTP API of push. */
const OPTIONS = { isLimited: false, overridesQuota: false } as const;

/** Pushes of rules under way at once; further ones are dropped and counted. */
const MAX_PENDING = 1000;

export class EventPushes {
  readonly #parts: EventPushesParts;
  readonly #rates = new RateWindows();
  readonly #pending = new Set<Promise<void>>();

  constructor(parts: EventPushesParts) {
    this.#parts = parts;
  }

  /** @throws ProtocolError 400 for an event that a rule is for and whose data makes no push */
  checkPublish(channel: string, { event, data }: PublishFacts): void {
    for (const rule of this.#parts.rules) if (matches(rule, channel, event)) payloadOf(rule, data);
  }

  /** Rejects with what refuses a push that an event asks for: then nothing of the request is published. */
  beforeCommit(app: App, publications: readonly Publication[]): Promise<void> | undefined {
    const asking = publications.filter(({ extras }) => extras?.push !== undefined);
    return asking.length === 0 ? undefined : this.#acceptAsked(app, asking);
  }

  /** Returns at once. */
  published({ app, channel, event, data, source }: Publication): void {
    if (source !== 'http') return;
    for (const [index, rule] of this.#parts.rules.entries()) {
      if (!matches(rule, channel, event)) continue;
      const isInRate = this.#rates.take(`${app.id} ${index}`, rule.perSecond);
      if (isInRate && this.#pending.size < MAX_PENDING) this.#start(app, channel, payloadOf(rule, data));
      else this.#parts.metrics.of(app.id).rateDropped += 1;
    }
  }

  /** Waits for what was begun. */
  async close(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #acceptAsked(app: App, asking: readonly Publication[]): Promise<void> {
    const intents = asking.map(({ channel, extras }) => intentOf(channel, parsePayload(extras?.push)));
    await this.#parts.admission.accept(app.id, intents, OPTIONS);
    this.#parts.metrics.of(app.id).channelPublishes += intents.length;
  }

  #start(app: App, channel: string, payload: Payload): void {
    const { admission, metrics, logger } = this.#parts;
    const push = admission
      .accept(app.id, [intentOf(channel, payload)], OPTIONS)
      .then(() => {
        metrics.of(app.id).channelPublishes += 1;
      })
      .catch((error: unknown) => logger.warn({ err: error, app_id: app.id }, 'a push rule failed'))
      .finally(() => this.#pending.delete(push));
    this.#pending.add(push);
  }
}

const intentOf = (channel: string, payload: Payload): Intent => ({
  publishId: null,
  targets: [{ type: 'channel', channel }],
  payload,
  overrides: [],
  sync: false,
});

// Whether publishes can be taken at all: workers, providers with credentials, a queue that answers and has room (push.md sections
// 9.1 and 9.2).
import { httpError, type ProtocolError } from '@sockudo/protocol';
import type { PushSettings, RealtimeContext } from '@sockudo/server/plugins';
import {
  type Credentials,
  type Dispatcher,
  type FanoutRegime,
  type ProviderName,
  type PublishTarget,
  providerOf,
} from '../contracts.ts';

const unavailable = (why: string): ProtocolError =>
  httpError('service_unavailable', `push admission unavailable: ${why}`);

export interface GuardParts {
  readonly settings: PushSettings;
  readonly credentials: Credentials;
  readonly dispatcher: Pick<Dispatcher, 'backlog'>;
  readonly logger: Pick<RealtimeContext['logger'], 'error'>;
}

/** A measured lag says nothing after this time. */
const LAG_MEMORY_MS = 10_000;

export class Guard {
  readonly #parts: GuardParts;
  #lag: { readonly ms: number; readonly atMs: number } | null = null;

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /** A publish of that age was begun on this node. */
  noteLag(ms: number): void {
    this.#lag = { ms, atMs: Date.now() };
  }

  /** @throws ProtocolError 503 `service_unavailable` */
  async requireReady(appId: string, targets: readonly PublishTarget[], regime: FanoutRegime): Promise<void> {
    const { settings } = this.#parts;
    const { planners, feedback, shards, dispatchers } = settings.workers;
    if (planners === 0) throw unavailable('there are no planners');
    if (feedback === 0) throw unavailable('there are no feedback workers');
    if (shards === 0 && regime === 'shardPath') throw unavailable('there are no shard workers');
    const active = dispatchers === 0 ? new Set<ProviderName>() : await this.#activeProviders(appId);
    if (active.size === 0) throw unavailable('no provider is active');
    for (const target of targets) {
      if (target.type !== 'recipient') continue;
      const provider = providerOf(target.recipient);
      if (provider !== 'realtime' && !active.has(provider)) {
        throw unavailable(`provider ${provider} is not active`);
      }
    }
  }

  /** @throws ProtocolError 429 with Retry-After; 503 where the queue does not answer */
  async requireRoom(): Promise<void> {
    const { always, maxWaitingJobs, maxLagMs, retryAfterSeconds } = this.#parts.settings.backpressure;
    const lagMs = this.#lag !== null && Date.now() - this.#lag.atMs < LAG_MEMORY_MS ? this.#lag.ms : 0;
    if (always || lagMs > maxLagMs || (await this.#backlog()) >= maxWaitingJobs) {
      const text = 'push is under back-pressure: try again later';
      throw httpError('rate_limited', text, { retryAfterSeconds });
    }
  }

  async #activeProviders(appId: string): Promise<ReadonlySet<ProviderName>> {
    const { settings, credentials, logger } = this.#parts;
    const active = new Set<ProviderName>();
    for (const provider of settings.enabled) {
      try {
        if ((await credentials.resolve(appId, provider)) !== null) active.add(provider);
      } catch (error) {
        logger.error({ err: error, app_id: appId, provider }, 'a stored push credential cannot be read');
      }
    }
    return active;
  }

  async #backlog(): Promise<number> {
    try {
      return await this.#parts.dispatcher.backlog();
    } catch (error) {
      throw httpError('service_unavailable', 'push admission unavailable: the queue does not answer', {
        cause: error,
      });
    }
  }
}

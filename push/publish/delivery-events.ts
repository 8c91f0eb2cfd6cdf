// What others tell about deliveries (push.md section 4.8): kept for a time, without effect on devices and counters.
import type { KeyedStore } from '@sockudo/server/ports';
import { z } from 'zod';
import { PROVIDER_NAMES } from '../contracts.ts';
import type { PushMetrics } from '../metrics.ts';
import { parseInput, requireId } from '../refusal.ts';
import { keys } from '../store/keys.ts';
import { putOf } from '../store/records.ts';

const word = z.string().max(256);

const input = z.object({
  publishId: z.string(),
  eventId: z.string(),
  occurredAtMs: z.int().nonnegative(),
  result: z.object({
    publishId: word.nullish(),
    provider: z.enum(PROVIDER_NAMES),
    batchId: word.nullish(),
    deviceId: word.nullish(),
    outcome: z.enum(['accepted', 'rejected', 'retryable', 'expired', 'cancelled']),
    providerMessageId: word.nullish(),
    error: z
      .object({
        class: word.nullish(),
        failureClass: word.nullish(),
        reason: z.string().max(1024).nullish(),
        retryAfterMs: z.number().nullish(),
      })
      .nullish(),
    attempt: z.int().nonnegative().nullish(),
  }),
});

export class DeliveryEvents {
  readonly #store: KeyedStore;
  readonly #metrics: PushMetrics;
  readonly #ttlMs: number;

  constructor(store: KeyedStore, metrics: PushMetrics, ttlMs: number) {
    this.#store = store;
    this.#metrics = metrics;
    this.#ttlMs = ttlMs;
  }

  /** Keeps an event under its id, once, and answers it as it was understood. @throws ProtocolError 400 */
  async record(appId: string, body: unknown): Promise<Record<string, unknown>> {
    const { publishId, eventId, occurredAtMs, result } = parseInput(input, body);
    requireId('publishId', publishId);
    requireId('eventId', eventId);
    const event = { appId, publishId, eventId, occurredAtMs, result: { appId, ...result, publishId } };
    const key = keys.deliveryEvent(appId, publishId, eventId);
    const expiresAtMs = Date.now() + this.#ttlMs;
    const { kind } = await this.#store.write([putOf(key, event, { ifAbsent: true, expiresAtMs })]);
    if (kind === 'written') this.#metrics.of(appId).deliveryStatus.add([result.outcome]);
    return event;
  }
}

// Publishes that were accepted, and whose job never came into the queue: the process died in between, or the queue was full.
// From time to time they are handed over once more.
import type { RealtimeContext } from '@sockudo/server/plugins';
import { type KeyedStore, keyParts } from '@sockudo/server/ports';
import type { Dispatcher } from '../contracts.ts';
import type { PushMetrics } from '../metrics.ts';
import { prefixes } from '../store/keys.ts';
import { pages, recordOf } from '../store/records.ts';
import type { Publishes } from './publishes.ts';

export interface RepairParts {
  readonly store: KeyedStore;
  readonly publishes: Publishes;
  readonly dispatcher: Pick<Dispatcher, 'accept'>;
  readonly metrics: PushMetrics;
  readonly logger: Pick<RealtimeContext['logger'], 'warn'>;
  /** `intervalMs` Infinity: never. */
  readonly settings: { readonly intervalMs: number; readonly minAgeMs: number; readonly batch: number };
}

export class Repair {
  readonly #parts: RepairParts;
  readonly #timer: NodeJS.Timeout | null;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: RepairParts) {
    this.#parts = parts;
    const { intervalMs } = parts.settings;
    this.#timer = Number.isFinite(intervalMs) ? setInterval(() => this.#tick(), intervalMs) : null;
    this.#timer?.unref();
  }

  /** Goes through what is old enough once. Answers how many publishes were handed over. */
  async run(nowMs: number = Date.now()): Promise<number> {
    const { store, settings, metrics } = this.#parts;
    let repaired = 0;
    for await (const entries of pages(store, prefixes.outbox())) {
      for (const entry of entries) {
        if (this.#isClosed || repaired >= settings.batch) return repaired;
        if (recordOf<number>(entry) > nowMs - settings.minAgeMs) continue;
        const [, , appId = '', publishId = ''] = keyParts(entry.key);
        await this.#handOver(appId, publishId);
        repaired += 1;
        metrics.repaired += 1;
      }
    }
    return repaired;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#running;
  }

  async #handOver(appId: string, publishId: string): Promise<void> {
    const { publishes, dispatcher } = this.#parts;
    const status = await publishes.status(appId, publishId);
    if (status?.state === 'queued') {
      const publish = await publishes.get(appId, publishId);
      if (publish !== null) await dispatcher.accept(publish);
    }
    await publishes.isQueued(appId, publishId);
  }

  /** One after the other, however long one takes. */
  #tick(): void {
    this.#running = this.#running
      .then(async () => void (await this.run()))
      .catch((error: unknown) => this.#parts.logger.warn({ err: error }, 'push could not be repaired'));
  }
}

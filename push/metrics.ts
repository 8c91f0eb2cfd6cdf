// What push counts, by app. Never by publish, device, token or address.
import { type App, NumberHistogram } from '@sockudo/server/plugins';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const RECIPIENTS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000] as const;

/** Counts by the values of their labels, which are words of the code. */
export class LabelledCounts {
  readonly #counts = new Map<string, number>();

  add(labels: readonly string[], by = 1): void {
    const key = labels.join(' ');
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
  }

  *all(): Iterable<[labels: readonly string[], count: number]> {
    for (const [key, count] of this.#counts) yield [key.split(' '), count];
  }
}

export class AppPushCounts {
  /** By result: the word of the answer, or `refused`. */
  readonly accepted = new LabelledCounts();
  readonly acceptanceSeconds = new NumberHistogram(SECONDS);
  readonly fanout = new NumberHistogram(RECIPIENTS);
  acceptanceRefused = 0;
  quotaRefused = 0;
  duplicates = 0;
  channelPublishes = 0;
  /** Pushes of rules over their rate. */
  rateDropped = 0;
  /** By provider and status. */
  readonly dispatched = new LabelledCounts();
  /** By provider and failure class. */
  readonly failures = new LabelledCounts();
  /** By provider. */
  readonly invalidations = new LabelledCounts();
  readonly deadLettered = new LabelledCounts();
  readonly retries = new LabelledCounts();
  /** By outcome, of what was told from outside. */
  readonly deliveryStatus = new LabelledCounts();
  /** By the states before and after. */
  readonly transitions = new LabelledCounts();
}

export class PushMetrics {
  readonly #apps = new Map<string, AppPushCounts>();
  statusConflicts = 0;
  repaired = 0;

  of(appId: App['id']): AppPushCounts {
    const known = this.#apps.get(appId);
    if (known !== undefined) return known;
    const counts = new AppPushCounts();
    this.#apps.set(appId, counts);
    return counts;
  }

  all(): Iterable<[appId: string, counts: AppPushCounts]> {
    return this.#apps;
  }
}

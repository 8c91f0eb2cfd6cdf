// What one connection said about deltas, and how far each of its series of messages has come. A series is one event, and one
// conflation key where there is one, on one channel; its last message is the base of the next delta (realtime.md section 6.9).
// Made when a connection first mentions deltas; bounded in channels and series; gone with the connection.
import {
  DELTA_DEFAULT_ALGORITHM,
  type DeltaAlgorithm,
  type DeltaOption,
  matchesPattern,
} from '@sockudo/protocol';
import type { DeltaSettings } from './delta-policy.ts';

/** A message as it counts as a base: the same object for every subscriber that got it. */
export interface DeltaBase {
  /** UTF-8 of the protocol 2 frame without marks. */
  readonly bytes: Buffer;
  readonly sentAtMs: number;
}

export interface DeltaSeries {
  /** Number of the next message. */
  nextSeq: number;
  /** Messages sent so far. */
  sent: number;
  deltasSinceFull: number;
  /** The last message; null before the first. */
  base: DeltaBase | null;
}

/** On a subscription whose messages may travel as deltas. */
export interface SubscriptionDelta {
  readonly deltas: ConnectionDeltas;
  /** What the subscriber wants its deltas made with; null: whatever the channel's policy says. */
  readonly algorithm: DeltaAlgorithm | null;
}

export class ConnectionDeltas {
  readonly settings: DeltaSettings;
  /** Where the client takes a delta's algorithm from when the frame does not name it. */
  confirmed: DeltaAlgorithm = DELTA_DEFAULT_ALGORITHM;
  #isEnabled = false;
  /** The one algorithm that the client understands; null: both. */
  #only: DeltaAlgorithm | null = null;
  /** What subscriptions said for themselves, by channel or pattern. */
  readonly #choices = new Map<string, DeltaOption>();
  readonly #channels = new Map<string, Map<string, DeltaSeries>>();
  /** Clients find bases by number: a series that begins after another was given up must not reuse the numbers of that one. */
  #firstSeq = 0;

  constructor(settings: DeltaSettings) {
    this.settings = settings;
  }

  /** The client turned deltas on for all subscriptions that do not say otherwise. `understood` empty: it named no algorithm. */
  enable(understood: readonly DeltaAlgorithm[]): void {
    this.#isEnabled = true;
    this.#only = understood.length === 1 ? (understood[0] ?? null) : null;
    this.confirmed = this.settings.algorithm;
  }

  /** A subscription was made or renewed: its new options replace the old ones. */
  subscribed(name: string, option: DeltaOption | undefined): SubscriptionDelta | null {
    if (option === undefined) this.#choices.delete(name);
    else this.#choices.set(name, option);
    const delta = this.choiceFor(name);
    if (delta === null) this.#forgetAllOf(name);
    return delta;
  }

  /** Null: messages of this subscription go out whole. */
  choiceFor(name: string): SubscriptionDelta | null {
    const option = this.#choices.get(name);
    if (option === undefined) return this.#isEnabled ? { deltas: this, algorithm: this.#only } : null;
    if (option.enabled === false) return null;
    return { deltas: this, algorithm: option.algorithm ?? this.#only };
  }

  /** The subscription, to a channel or a pattern, is gone. */
  unsubscribed(name: string): void {
    this.#choices.delete(name);
    this.#forgetAllOf(name);
  }

  /** The client has lost its bases of this channel: the next message of each series is sent whole. */
  forget(channel: string): void {
    this.#channels.delete(channel);
  }

  /** The series of this key, begun if there is none; null: this connection has series on too many channels already. */
  series(channel: string, key: string, maxSeries: number): DeltaSeries | null {
    let all = this.#channels.get(channel);
    if (all === undefined) {
      if (this.#channels.size >= this.settings.maxChannelsPerConnection) return null;
      all = new Map();
      this.#channels.set(channel, all);
    }
    return all.get(key) ?? this.#begin(all, key, maxSeries);
  }

  #begin(all: Map<string, DeltaSeries>, key: string, maxSeries: number): DeltaSeries {
    if (all.size >= maxSeries) this.#giveUpOldest(all);
    const series = { nextSeq: this.#firstSeq, sent: 0, deltasSinceFull: 0, base: null };
    all.set(key, series);
    return series;
  }

  #giveUpOldest(all: Map<string, DeltaSeries>): void {
    const oldest = all.entries().next();
    if (oldest.done === true) return;
    const [key, series] = oldest.value;
    all.delete(key);
    this.#firstSeq = Math.max(this.#firstSeq, series.nextSeq);
  }

  #forgetAllOf(name: string): void {
    if (!name.includes('*')) {
      this.#channels.delete(name);
      return;
    }
    for (const channel of this.#channels.keys()) {
      if (matchesPattern(name, channel)) this.#channels.delete(channel);
    }
  }
}

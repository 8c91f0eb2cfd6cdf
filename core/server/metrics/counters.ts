// What the server counts while it runs: plain numbers that the hot paths change with `+= 1`, and nothing else. This file
// knows no metric names, no labels and no text format; prometheus.ts reads the numbers when it is scraped.
import { NumberHistogram } from './number-histogram.ts';

/** Kinds by which subscriptions are counted (metrics label `channel_type`). A cache channel counts as `cache` only when it is public. */
export const CHANNEL_TYPES = ['public', 'private', 'presence', 'private_encrypted', 'cache'] as const;
export type ChannelType = (typeof CHANNEL_TYPES)[number];

export type CountByChannelType = Record<ChannelType, number>;

/** Upper bounds, in recipients, of the label `recipient_count_bucket`; more than the last is `xl`. */
const RECIPIENT_BUCKETS = [
  ['xs', 10],
  ['sm', 100],
  ['md', 1000],
  ['lg', 10000],
] as const;

/** Most distinct error types an app's connections are counted under; the rest is `other`. */
const MAX_ERROR_TYPES = 64;

const MILLISECOND_BUCKETS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000] as const;

const ROLLUP_RATIO_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128] as const;
const FLUSH_LATENCY_BUCKETS = [0, 5, 20, 40, 100, 500, 1000] as const;

/** Counts of one app. Numbers only grow, except `connected` and `activeStreams` (gauges). Bytes are payload bytes without transport overhead. */
export class AppCounters {
  /** Connections open now. */
  connected = 0;
  newConnections = 0;
  newDisconnections = 0;
  socketReceivedBytes = 0;
  socketTransmittedBytes = 0;
  wsMessagesReceived = 0;
  wsMessagesSent = 0;
  /** Successful calls of the HTTP API, with the bytes of their bodies. */
  httpCallsReceived = 0;
  httpReceivedBytes = 0;
  httpTransmittedBytes = 0;
  readonly channelSubscriptions: CountByChannelType = zeroByChannelType();
  readonly channelUnsubscriptions: CountByChannelType = zeroByChannelType();
  /** Publishes that carried an idempotency key, and those among them that were answered from a receipt. */
  idempotencyPublishes = 0;
  idempotencyDuplicates = 0;
  ephemeralMessages = 0;
  /** Deliveries left out because of a subscription's filter, or because the publisher asked for no echo. */
  eventFilterSuppressed = 0;
  echoSuppressed = 0;
  /** Messages sent in series of deltas, whole and as deltas; bytes of all of them whole, and what the deltas saved of that. */
  deltaFullMessages = 0;
  deltaMessages = 0;
  deltaOriginalBytes = 0;
  deltaSavedBytes = 0;
  /** Messages handed to the channel log, and those that it could not store. */
  historyWrites = 0;
  historyWriteFailures = 0;
  historyEvictions = 0;
  historyEvictedBytes = 0;
  readonly historyWriteLatencyMs = new NumberHistogram(MILLISECOND_BUCKETS);
  /** Joins, leaves and updates stored in presence histories, and those lost. */
  presenceHistoryWrites = 0;
  presenceHistoryWriteFailures = 0;
  /** Time of one commit, which may hold several of a channel. */
  readonly presenceHistoryWriteLatencyMs = new NumberHistogram(MILLISECOND_BUCKETS);
  /** Publishes recovered after a reconnect, by where they came from; failures by code. */
  readonly historyRecoveries = { hot: 0, cold: 0 };
  readonly historyRecoveryFailures = new LabelledCount(MAX_ERROR_TYPES);
  /** Changes of mutable messages, by `message.ACTION RESULT`, and reads of them, by `SURFACE RESULT`. */
  readonly versionMutations = new LabelledCount(MAX_ERROR_TYPES);
  readonly versionRetrievals = new LabelledCount(MAX_ERROR_TYPES);
  /** Appends that came to be rolled up and frames that left, both once for each window in use; messages with an open window now. */
  appendsReceived = 0;
  appendsDelivered = 0;
  activeStreams = 0;
  /** Appends in a frame, and how long the first of those that left together was held. */
  readonly rollupRatio = new NumberHistogram(ROLLUP_RATIO_BUCKETS);
  readonly flushLatencyMs = new NumberHistogram(FLUSH_LATENCY_BUCKETS);
  annotationsPublished = 0;
  annotationsDeleted = 0;
  readonly connectionErrors = new LabelledCount(MAX_ERROR_TYPES);
  webhooksDelivered = 0;
  webhooksRetried = 0;
  /** Webhook deliveries given up on, and events that never entered the queue. */
  webhooksFailed = 0;
  webhooksDropped = 0;
  readonly #broadcastLatencies = new Map<string, BroadcastLatency>();

  /**
   * Counts one message that was written to its subscribers, once per message and never per subscriber.
   * @param latencyMs from the start of the publish to the last write
   */
  observeBroadcast(channelType: ChannelType, recipients: number, latencyMs: number): void {
    const bucket = recipientBucket(recipients);
    const name = `${channelType}:${bucket}`;
    let latency = this.#broadcastLatencies.get(name);
    if (latency === undefined) {
      latency = { channelType, recipientBucket: bucket, histogram: new NumberHistogram(MILLISECOND_BUCKETS) };
      this.#broadcastLatencies.set(name, latency);
    }
    latency.histogram.observe(latencyMs);
  }

  /** At most one entry a pair of channel type and bucket. */
  broadcastLatencies(): Iterable<BroadcastLatency> {
    return this.#broadcastLatencies.values();
  }
}

export interface BroadcastLatency {
  readonly channelType: ChannelType;
  readonly recipientBucket: string;
  readonly histogram: NumberHistogram;
}

/** A count for each of a bounded number of labels. Labels are literals of the code, never text of a peer. */
export class LabelledCount {
  readonly #counts = new Map<string, number>();
  readonly #maxLabels: number;

  constructor(maxLabels: number) {
    this.#maxLabels = maxLabels;
  }

  add(label: string): void {
    const known = this.#counts.get(label);
    if (known !== undefined) this.#counts.set(label, known + 1);
    else if (this.#counts.size < this.#maxLabels) this.#counts.set(label, 1);
    else this.#counts.set('other', (this.#counts.get('other') ?? 0) + 1);
  }

  entries(): Iterable<[label: string, count: number]> {
    return this.#counts.entries();
  }
}

export interface LimiterCounters {
  checks: number;
  triggered: number;
}

export interface Counters {
  /** The counts of an app, made at first use; keep the object instead of asking per message. Only ids of configured apps, or `system`. */
  of(appId: string): AppCounters;
  all(): Iterable<[appId: string, counters: AppCounters]>;
  readonly rateLimits: { readonly api: LimiterCounters; readonly websocket: LimiterCounters };
}

export function createCounters(): Counters {
  const apps = new Map<string, AppCounters>();
  return {
    of(appId) {
      let counters = apps.get(appId);
      if (counters === undefined) {
        counters = new AppCounters();
        apps.set(appId, counters);
      }
      return counters;
    },
    all: () => apps.entries(),
    rateLimits: { api: { checks: 0, triggered: 0 }, websocket: { checks: 0, triggered: 0 } },
  };
}

function zeroByChannelType(): CountByChannelType {
  return { public: 0, private: 0, presence: 0, private_encrypted: 0, cache: 0 };
}

function recipientBucket(recipients: number): string {
  for (const [name, most] of RECIPIENT_BUCKETS) if (recipients <= most) return name;
  return 'xl';
}

// The history of presence channels: who joined, changed and left, kept in the log that the app's channels use, under a name no
// client can use. One object a server; the realtime side records, the HTTP side reads.
import type { HistoryQuery } from '@sockudo/protocol';
import type { Logger } from 'pino';
import type { App } from '../apps/app.ts';
import type { Counters } from '../metrics/counters.ts';
import type { ChannelLog, Position, StreamState } from '../ports/channel-log.ts';
import { type HistoryPage, readHistoryPage } from './history-page.ts';
import { type Destination, RECORDER_BOUNDS, Recorder, type RecorderBounds } from './recorder.ts';
import { type Snapshot, type SnapshotPoint, snapshotAt } from './snapshot.ts';
import { type Ailment, StreamHealth } from './stream-health.ts';
import { type Change, presenceHistoryPolicy, transitionKey } from './transition.ts';

export interface PresenceHistoryOptions {
  /** The log that an app's channels are kept in. */
  readonly logOf: (app: App) => ChannelLog;
  readonly counters: Counters;
  readonly logger: Logger;
  /** Rows of a page at most. */
  readonly maxPageRows: number;
  readonly bounds?: Partial<RecorderBounds>;
}

/** Whether a history can be relied on, and who says so. */
export interface StreamCondition {
  readonly streamId: string;
  /** Null: nothing was lost. */
  readonly ailment: Ailment | null;
  readonly durability: ChannelLog['durability'];
}

export interface Reset {
  readonly previous: Position;
  readonly events: number;
  readonly bytes: number;
  readonly retained: StreamState;
  readonly condition: StreamCondition;
}

export interface PresenceHistoryCounts {
  readonly degradedChannels: number;
  readonly resetRequiredChannels: number;
  /** Transitions accepted and not yet stored. */
  readonly queueDepth: number;
}

export class PresenceHistory {
  readonly maxPageRows: number;
  readonly #logOf: (app: App) => ChannelLog;
  readonly #health = new StreamHealth();
  readonly #recorder: Recorder;
  #recorded = 0;

  constructor({ logOf, counters, logger, maxPageRows, bounds }: PresenceHistoryOptions) {
    this.maxPageRows = maxPageRows;
    this.#logOf = logOf;
    this.#recorder = new Recorder({
      counters,
      logger,
      health: this.#health,
      bounds: { ...RECORDER_BOUNDS, ...bounds },
    });
  }

  isEnabled(app: App, channel: string): boolean {
    return presenceHistoryPolicy(app, channel).enabled;
  }

  /** Call it in the turn in which the change was decided: the order of calls is the order in the history. Never throws. */
  record(app: App, channel: string, change: Change): void {
    if (!this.isEnabled(app, channel)) return;
    const publishedAtMs = Date.now();
    this.#recorded += 1;
    const { event, userId, connectionId } = change;
    const ownKey = `${event}:${userId}:${connectionId ?? '_'}:${publishedAtMs}.${this.#recorded}`;
    this.#recorder.record(this.#destination(app, channel), {
      ...change,
      publishedAtMs,
      dedupeKey: change.dedupeKey ?? ownKey,
    });
  }

  /** Shows everything that was recorded on this node before the call. @throws ProtocolError 400 for an expired cursor */
  async page(
    app: App,
    channel: string,
    query: HistoryQuery,
  ): Promise<HistoryPage & { condition: StreamCondition }> {
    const source = await this.#settled(app, channel);
    const page = await readHistoryPage(source, query);
    return { ...page, condition: this.#condition(source, page.retained) };
  }

  async state(app: App, channel: string): Promise<{ retained: StreamState; condition: StreamCondition }> {
    const source = await this.#settled(app, channel);
    const retained = await source.log.state(source.key);
    return { retained, condition: this.#condition(source, retained) };
  }

  /** @throws ProtocolError 400 when the retained transitions do not give one answer */
  async snapshot(app: App, channel: string, point: SnapshotPoint): Promise<Snapshot> {
    const source = await this.#settled(app, channel);
    return snapshotAt(source, point, { isHealthy: this.#health.of(source.id) === null });
  }

  /** Forgets the channel's history: new stream, healthy again. Present members stay members. */
  async reset(app: App, channel: string): Promise<Reset> {
    const source = await this.#settled(app, channel);
    const { previous, messages, bytes } = await source.log.reset(source.key);
    this.#health.healed(source.id);
    const retained = await source.log.state(source.key);
    return { previous, events: messages, bytes, retained, condition: this.#condition(source, retained) };
  }

  counts(): PresenceHistoryCounts {
    const { degraded, resetRequired } = this.#health.counts();
    return {
      degradedChannels: degraded,
      resetRequiredChannels: resetRequired,
      queueDepth: this.#recorder.queueDepth,
    };
  }

  /** Stores what was recorded. To be closed before the logs. */
  close(): Promise<void> {
    return this.#recorder.close();
  }

  async #settled(app: App, channel: string): Promise<Destination> {
    const destination = this.#destination(app, channel);
    await this.#recorder.settled(destination.id);
    return destination;
  }

  #destination(app: App, channel: string): Destination {
    const key = transitionKey(app, channel);
    return {
      id: `${key.appId.length}:${key.appId}${key.channel}`,
      key,
      log: this.#logOf(app),
      retention: presenceHistoryPolicy(app, channel).retention,
    };
  }

  #condition({ id, log }: Destination, { head }: StreamState): StreamCondition {
    return { streamId: head.streamId, ailment: this.#health.of(id), durability: log.durability };
  }
}

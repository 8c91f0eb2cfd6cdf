// Recovery of connections (realtime.md section 6.2): takes the positions of a resume, has each channel replayed that the
// connection is subscribed to, and keeps the rest until their subscribe comes (divergence D33). Frames of one connection are
// handled one after the other, so nothing here runs twice at a time for the same connection.
import type { ResumeFailure, ResumePosition } from '@sockudo/protocol';
import type { Logger } from 'pino';
import type { ChannelKey, Position } from '../../ports/channel-log.ts';
import type { ChannelLogs } from '../../publish/channel-logs.ts';
import type { Connection } from '../connection.ts';
import type { DeadlineWheel } from '../deadline-wheel.ts';
import { subscriptionsTo } from '../delivery.ts';
import type { FrameOptions } from '../encode-message.ts';
import type { Hub } from '../hub.ts';
import type { Subscription } from '../subscription.ts';
import { ChannelReplay, type ReplayDeps } from './channel-replay.ts';
import { ColdReplays } from './cold-replays.ts';
import { failureOf } from './failure.ts';
import type { HotBuffers } from './hot-buffers.ts';
import { type Outcome, ResumeRequest, type WaitingPosition } from './resume-request.ts';
import { WaitingPositions } from './waiting-positions.ts';

export interface RecoveryOptions {
  readonly hub: Hub;
  readonly logs: ChannelLogs;
  /** Filled by the hub. */
  readonly hot: HotBuffers;
  readonly wheel: DeadlineWheel;
  readonly logger: Logger;
  readonly frameOptions: FrameOptions;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

const NOTHING_RECOVERED: ReadonlyMap<string, Position> = new Map();

export class Recovery {
  readonly #deps: ReplayDeps;
  readonly #wheel: DeadlineWheel;

  constructor({ hub, logs, hot, wheel, logger, frameOptions, now = Date.now }: RecoveryOptions) {
    this.#wheel = wheel;
    this.#deps = { hub, logs, hot, logger, now, cold: new ColdReplays({ frameOptions, now }) };
  }

  /** Answers one resume. Resolves when every channel is settled but those that wait for their subscribe. */
  async resume(connection: Connection, positions: ReadonlyMap<string, ResumePosition>): Promise<void> {
    const request = new ResumeRequest(connection, positions.size);
    const due: WaitingPosition[] = [];
    const early: WaitingPosition[] = [];
    for (const [channel, position] of positions) {
      const isSubscribed = this.#subscriptionsTo(connection, channel).length > 0;
      (isSubscribed ? due : early).push({ channel, position, request });
    }
    // Registered first, so that they do not depend on how the others fare.
    if (early.length > 0) this.#wait(connection, early);
    for (const waiting of due) await this.#recover(connection, waiting, false);
  }

  /**
   * A new subscription was acknowledged, and what comes live is still held: now the positions for it are due. Answers up to
   * where the client has each channel: of what is held, that is no news.
   */
  async attached(subscription: Subscription): Promise<ReadonlyMap<string, Position>> {
    const { connection } = subscription;
    const { waitingPositions } = connection;
    if (waitingPositions === null) return NOTHING_RECOVERED;
    const recovered = new Map<string, Position>();
    for (const waiting of waitingPositions.takeFor(subscription)) {
      const covered = await this.#recover(connection, waiting, true);
      if (covered !== null) recovered.set(waiting.channel, covered);
    }
    return recovered;
  }

  /** The connection was not let into the channel. */
  refused(connection: Connection, channel: string): void {
    for (const waiting of connection.waitingPositions?.takeNamed(channel) ?? [])
      notSubscribed(connection, waiting);
  }

  /** The channel was purged or reset, and its log is at `head`: nothing from before is replayed. */
  cut(key: ChannelKey, head: Position): void {
    this.#deps.hot.cut(key, head);
    this.#deps.cold.cut(key);
  }

  close(): void {
    this.#deps.hot.close();
    this.#deps.cold.close();
  }

  #wait(connection: Connection, early: readonly WaitingPosition[]): void {
    connection.waitingPositions ??= new WaitingPositions(this.#wheel, (late) =>
      notSubscribed(connection, late),
    );
    for (const surplus of connection.waitingPositions.add(early)) notSubscribed(connection, surplus);
  }

  async #recover(
    connection: Connection,
    waiting: WaitingPosition,
    isAttaching: boolean,
  ): Promise<Position | null> {
    const { channel, position, request } = waiting;
    const own = connection.subscriptions.get(channel);
    if (own?.channel.kind.kind === 'wildcard') {
      request.settle(patternRecovered(channel));
      return null;
    }
    const subscriptions = this.#subscriptionsTo(connection, channel);
    if (subscriptions.length === 0) {
      notSubscribed(connection, waiting);
      return null;
    }
    const replay = new ChannelReplay(
      { connection, channel, position, subscriptions, isAttaching },
      this.#deps,
    );
    request.settle(await replay.run());
    replay.release();
    return replay.covered;
  }

  #subscriptionsTo(connection: Connection, channel: string): readonly Subscription[] {
    return subscriptionsTo(this.#deps.hub.app(connection.app.id), connection, channel);
  }
}

/** A pattern has no messages of its own; what it brings is asked for by the channels' names. */
function patternRecovered(channel: string): Outcome {
  return { kind: 'recovered', channel: { channel, source: 'hot', replayed: 0, position: null } };
}

function notSubscribed(connection: Connection, { channel, position, request }: WaitingPosition): void {
  const [code, reason] = failureOf(connection.app, channel, 'not-subscribed');
  const failure: ResumeFailure = {
    channel,
    code,
    reason,
    expectedStreamId: position.streamId ?? null,
    currentStreamId: null,
    oldestAvailableSerial: null,
    newestAvailableSerial: null,
  };
  request.settle({ kind: 'failed', failure });
}

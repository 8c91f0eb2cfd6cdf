// Recovers one channel for one connection: what it missed comes from the hot buffer or from the log and is sent in order while
// live messages wait. Every way out that is not a recovery is a failure with its reason: there is no silent gap (realtime.md
// section 6.2; divergences D33, D34, D36).
import type { ResumePosition } from '@sockudo/protocol';
import type { Logger } from 'pino';
import { keepsHistory } from '../../apps/durability.ts';
import { type ChannelKey, type Position, StoreUnavailable } from '../../ports/channel-log.ts';
import type { DurableLog } from '../../ports/index.ts';
import type { ChannelLogs } from '../../publish/channel-logs.ts';
import type { Connection } from '../connection.ts';
import { admits } from '../delivery.ts';
import { CoveredGate, isCoveredBy } from '../gates.ts';
import type { Hub } from '../hub.ts';
import type { MessageFrames } from '../message-frames.ts';
import type { Subscription } from '../subscription.ts';
import type { ColdPage, ColdReplays } from './cold-replays.ts';
import { type Fault, failureOf, faultOfGap } from './failure.ts';
import type { HotBuffer, HotEntry } from './hot-buffer.ts';
import type { HotBuffers } from './hot-buffers.ts';
import { PacedWriter } from './paced-writer.ts';
import { ReplayGate } from './replay-gate.ts';
import { hotUpTo, planReplay } from './replay-plan.ts';
import type { Failed, Outcome } from './resume-request.ts';

export interface ReplayDeps {
  readonly hub: Hub;
  readonly logs: ChannelLogs;
  readonly hot: HotBuffers;
  readonly cold: ColdReplays;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Gap {
  readonly connection: Connection;
  readonly channel: string;
  readonly position: ResumePosition;
  /** Those of the connection that the channel's messages come through, the channel's own first; at least one. */
  readonly subscriptions: readonly Subscription[];
  /** It is being attached: what came since is still held behind its gate. */
  readonly isAttaching: boolean;
}

/** Serials of what could be had, as far as known. */
interface Available {
  readonly oldest: number | null;
  readonly newest: number | null;
}

const UNKNOWN: Available = { oldest: null, newest: null };

export class ChannelReplay {
  readonly #gap: Gap;
  readonly #deps: ReplayDeps;
  readonly #key: ChannelKey;
  readonly #gate: ReplayGate;
  readonly #writer: PacedWriter;
  /** The last message that the connection was sent before live ones had to wait. */
  readonly #sent: Position | null;
  #head: Position | null = null;
  #covered: Position | null = null;

  /** From here on live messages of the channel wait, until `release`. */
  constructor(gap: Gap, deps: ReplayDeps) {
    const { connection, channel, subscriptions } = gap;
    this.#gap = gap;
    this.#deps = deps;
    this.#key = { appId: connection.app.id, channel };
    this.#gate = new ReplayGate(connection, channel, subscriptions);
    this.#writer = new PacedWriter(connection);
    this.#sent = gap.isAttaching ? null : (this.#hot?.delivered ?? null);
  }

  /** The client has everything up to here; null: that is not known. */
  get covered(): Position | null {
    return this.#covered;
  }

  /** Never rejects. */
  async run(): Promise<Outcome> {
    try {
      return await this.#recover();
    } catch (error) {
      return this.#broken(error, 'not-delivered');
    }
  }

  /** Lets out what waited, without what the client has. */
  release(): void {
    const { connection, channel, subscriptions, isAttaching } = this.#gap;
    const held = this.#gate.remove();
    const covered = this.#covered;
    if (covered !== null && !isAttaching && !isCoveredBy(covered, this.#hot?.delivered ?? null)) {
      // What was read from the log is about to be delivered; a subscription that was told a position knows it by that.
      for (const subscription of subscriptions) {
        if (subscription.positionIn(channel) === null) CoveredGate.add(subscription, channel, covered);
      }
    }
    for (const frames of held) {
      if (!isCoveredBy(frames.message.position, covered)) this.#deps.hub.redeliver(connection, frames);
    }
  }

  async #recover(): Promise<Outcome> {
    const { connection, position, channel, subscriptions } = this.#gap;
    const log = this.#deps.logs.of(connection.app);
    if (log === null) return this.#failed('emptied');
    const head = subscriptions[0]?.positionIn(channel) ?? (await this.#headOf(log));
    if ('kind' in head) return head;
    this.#head = head;
    const hot = this.#hot;
    const { maxMessages } = connection.app.recovery;
    const nowMs = this.#deps.now();
    const plan = planReplay({ position, channel, subscriptions, head, hot, maxMessages, nowMs });
    switch (plan.kind) {
      case 'fail':
        return this.#failed(plan.fault);
      case 'nothing':
        return this.#nothingMissed(head, hotUpTo(head, hot));
      case 'beyond':
        return this.#beyond(head, hotUpTo(head, hot), log);
      case 'too-much':
        return this.#tooMuch(hotUpTo(head, hot), log);
      case 'hot':
        return this.#replayHot(plan.run);
      case 'cold':
        return this.#replayCold(log, plan.after, plan.until);
    }
  }

  get #hot(): HotBuffer | null {
    return this.#deps.hot.get(this.#key.appId, this.#key.channel);
  }

  async #headOf(log: DurableLog): Promise<Position | Failed> {
    try {
      return await log.head(this.#key);
    } catch (error) {
      return this.#broken(error, 'state-unavailable');
    }
  }

  #nothingMissed({ streamId }: Position, hot: HotBuffer | null): Outcome {
    const { channel, position } = this.#gap;
    this.#covered = { streamId, serial: position.serial };
    const source = hot === null ? this.#storedSource : 'hot';
    return { kind: 'recovered', channel: { channel, source, replayed: 0, position: null } };
  }

  /** The client may have heard live messages since it was acknowledged; then it has missed nothing. */
  async #beyond(head: Position, hot: HotBuffer | null, log: DurableLog): Promise<Outcome> {
    const newest = hot?.newest ?? (await log.head(this.#key));
    const reached = { streamId: head.streamId, serial: this.#gap.position.serial };
    if (isCoveredBy(reached, newest)) return this.#nothingMissed(head, hot);
    return this.#failed('ahead', { oldest: null, newest: newest.serial });
  }

  async #tooMuch(hot: HotBuffer | null, log: DurableLog): Promise<Outcome> {
    if (hot !== null) {
      return this.#failed('window-exceeded', { oldest: hot.oldestSerial, newest: hot.newest.serial });
    }
    const { oldestSerial: oldest, newestSerial: newest } = await log.state(this.#key);
    return this.#failed('window-exceeded', { oldest, newest });
  }

  async #replayHot(run: readonly HotEntry[]): Promise<Outcome> {
    let last: MessageFrames | null = null;
    for (const { frames, exceptSocketId } of run) {
      const wait = this.#send(frames, exceptSocketId);
      if (wait !== null) await wait;
      last = frames;
    }
    return this.#recovered('hot', last);
  }

  async #replayCold(log: DurableLog, after: number, until: number): Promise<Outcome> {
    let last: MessageFrames | null = null;
    for (let serial = after; serial < until; ) {
      const page = await this.#pageAfter(log, serial, until);
      if (page.kind === 'failed') return page;
      const before = serial;
      for (const frames of page.messages) {
        const at = frames.message.position?.serial;
        if (at !== serial + 1) return this.#failed('hole');
        if (at > until) break;
        const wait = this.#send(frames, undefined);
        if (wait !== null) await wait;
        last = frames;
        serial = at;
      }
      if (serial === before) return this.#failed('ended-early');
    }
    return this.#recovered(this.#storedSource, last);
  }

  async #pageAfter(
    log: DurableLog,
    serial: number,
    until: number,
  ): Promise<Extract<ColdPage, { kind: 'page' }> | Failed> {
    const from = { streamId: this.#head?.streamId ?? '', serial };
    try {
      const page = await this.#deps.cold.after(log, this.#key, from, until);
      if (page.kind === 'page') return page;
      const { reason, state } = page;
      this.#head = state.head;
      const fault = faultOfGap(reason, state, serial === this.#gap.position.serial);
      return this.#failed(fault, { oldest: state.oldestSerial, newest: state.newestSerial });
    } catch (error) {
      return this.#broken(error, error instanceof StoreUnavailable ? 'read-failed' : 'unreadable-entry');
    }
  }

  /** Null: go on at once. What no subscription lets through is covered all the same. */
  #send(frames: MessageFrames, exceptSocketId: string | undefined): Promise<void> | null {
    const { connection, subscriptions } = this.#gap;
    if (!subscriptions.some((subscription) => admits(subscription, frames, exceptSocketId))) return null;
    return this.#writer.write(frames.of(connection.frameClass));
  }

  get #storedSource(): 'hot' | 'cold' {
    const { connection, channel } = this.#gap;
    return keepsHistory(connection.app, channel) ? 'cold' : 'hot';
  }

  /** `last`: the last message that was missed. Live ones that were sent before the replay are covered too. */
  #recovered(source: 'hot' | 'cold', last: MessageFrames | null): Outcome {
    const replayed = last?.message.position ?? null;
    this.#covered = replayed;
    const sent = isCoveredBy(replayed ?? undefined, this.#sent) ? this.#sent : null;
    const covered = sent ?? replayed;
    const message = sent === null ? last?.message : this.#hot?.at(sent.serial)?.frames.message;
    const position = covered && { ...covered, lastMessageId: message?.messageId };
    const { channel } = this.#gap;
    return { kind: 'recovered', channel: { channel, source, replayed: this.#writer.written, position } };
  }

  #broken(error: unknown, fault: Fault): Failed {
    this.#deps.logger.error({ err: error, app_id: this.#key.appId }, 'a channel could not be recovered');
    return this.#failed(fault);
  }

  #failed(fault: Fault, { oldest, newest }: Available = UNKNOWN): Failed {
    const { connection, channel, position } = this.#gap;
    const [code, reason] = failureOf(connection.app, channel, fault);
    return {
      kind: 'failed',
      failure: {
        channel,
        code,
        reason,
        expectedStreamId: position.streamId ?? null,
        currentStreamId: this.#head?.streamId ?? null,
        oldestAvailableSerial: oldest,
        newestAvailableSerial: newest,
      },
    };
  }
}

// Appends of a short time sent together, for the channels that a plug-in names (RollupPolicy). It stands at the very end of a
// message's way: the log, the hot buffers, gates and webhooks see every append; only connections that are live get several in one
// frame. What is held leaves before any later frame of its channel (divergence D65). docs/mutable-messages.md.
import { endsStream, matchesPattern } from '@sockudo/protocol';
import type { RollupPolicy } from '../../plugins/plugin.ts';
import type { Channel } from '../channel.ts';
import { subscriptionsTo } from '../delivery.ts';
import type { FrameOptions } from '../encode-message.ts';
import type { AppHub } from '../hub.ts';
import type { MessageFrames } from '../message-frames.ts';
import type { Subscription } from '../subscription.ts';
import { ChannelLanes } from './channel-lanes.ts';
import { FlushTimer } from './flush-timer.ts';

export interface RollupOptions {
  readonly policy: RollupPolicy;
  readonly frameOptions: FrameOptions;
  /** Milliseconds that never run backwards; default: since the process started. */
  readonly clock?: () => number;
  readonly onError: (error: unknown) => void;
}

export class Rollup {
  readonly #policy: RollupPolicy;
  readonly #frameOptions: FrameOptions;
  readonly #clock: () => number;
  readonly #timer: FlushTimer;
  /** Channels with open windows. */
  readonly #apps = new Map<AppHub, Map<string, ChannelLanes>>();
  #order = 0;

  constructor({ policy, frameOptions, clock = () => performance.now(), onError }: RollupOptions) {
    this.#policy = policy;
    this.#frameOptions = frameOptions;
    this.#clock = clock;
    this.#timer = new FlushTimer({ clock, onError });
  }

  /** Number of the next append: a subscription that goes live now gets what is held from there on. */
  get order(): number {
    return this.#order + 1;
  }

  get defaultWindowMs(): number {
    return this.#policy.defaultWindowMs;
  }

  /** Whether the timer runs: some window is open. */
  get isActive(): boolean {
    return this.#timer.isRunning;
  }

  /**
   * A message about to be delivered. What is held of its channel leaves first where it has to. Null: it goes to everybody now; else
   * to those for whom the answer does not keep it.
   */
  pass(
    hub: AppHub,
    frames: MessageFrames,
    exceptSocketId: string | undefined,
    listeners: readonly Channel[],
  ): ChannelLanes | null {
    const { channel, version, extras } = frames.message;
    const open = this.#apps.get(hub)?.get(channel);
    if (version?.action !== 'append' || endsStream(extras)) {
      open?.flush();
      if (version !== undefined) open?.forget(version.messageSerial);
      return null;
    }
    if (open === undefined && !this.#isRolledUp(channel, listeners)) return null;
    this.#order += 1;
    const { messageSerial } = version;
    const append = { frames, exceptSocketId, order: this.#order, messageSerial };
    const lanes = open ?? this.#open(hub, channel);
    return lanes.take(append, listeners) ? lanes : null;
  }

  /** The subscription is about to be added to its channel and its connection. */
  joins(subscription: Subscription): void {
    this.#flushIfOneOfMany(subscription, 1);
    this.#countWindow(subscription, 1);
  }

  /** It is about to be removed from both. */
  leaves(subscription: Subscription): void {
    this.#flushIfOneOfMany(subscription, 2);
    this.#countWindow(subscription, -1);
  }

  /** From now on a live subscription gets every message by itself. What waits for it goes out before. */
  gateCloses(subscription: Subscription): void {
    for (const lanes of this.#reaching(subscription)) {
      if (lanes.holdsFor(subscription)) lanes.flushFor(subscription.connection);
    }
  }

  /** Whether appends are ever held back for it. */
  holdsBack(subscription: Subscription): boolean {
    return this.#windowOf(subscription) > 0;
  }

  /** Sends everything that is held. */
  flush(): void {
    for (const channels of this.#apps.values()) for (const lanes of channels.values()) lanes.flush();
  }

  /** Ends the windows that are due. The timer does it; tests with their own clock do too. */
  advance(): void {
    this.#timer.advance();
  }

  close(): void {
    this.flush();
    this.#timer.close();
    this.#apps.clear();
  }

  /** 0: nothing is ever held for it. */
  #windowOf({ connection, channel: { name, kind } }: Subscription): number {
    if (connection.protocol === 1) return 0;
    if (kind.kind !== 'wildcard' && !this.#policy.covers(name)) return 0;
    return connection.rollupWindowMs;
  }

  /**
   * A connection waits through all of its subscriptions to a channel or through none, so what it waits for leaves before it gets
   * another of them or loses one. `many`: how many make the difference.
   */
  #flushIfOneOfMany(subscription: Subscription, many: number): void {
    const { connection } = subscription;
    if (connection.subscriptions.size < many) return;
    for (const lanes of this.#reaching(subscription)) {
      if (subscriptionsTo(lanes.hub, connection, lanes.channel).length >= many) lanes.flushFor(connection);
    }
  }

  #countWindow(subscription: Subscription, change: 1 | -1): void {
    const windowMs = this.#windowOf(subscription);
    if (windowMs === 0) return;
    const { channel } = subscription;
    channel.windows ??= new Map();
    const count = (channel.windows.get(windowMs) ?? 0) + change;
    if (count > 0) channel.windows.set(windowMs, count);
    else channel.windows.delete(windowMs);
  }

  #reaching({ connection: { app }, channel: { name, kind } }: Subscription): readonly ChannelLanes[] {
    const found: ChannelLanes[] = [];
    for (const [hub, channels] of this.#apps) {
      if (hub.app !== app) continue;
      if (kind.kind !== 'wildcard') {
        const lanes = channels.get(name);
        if (lanes !== undefined) found.push(lanes);
        continue;
      }
      for (const lanes of channels.values()) if (matchesPattern(name, lanes.channel)) found.push(lanes);
    }
    return found;
  }

  #isRolledUp(channel: string, listeners: readonly Channel[]): boolean {
    return this.#policy.maxMessages > 0 && hasWindows(listeners) && this.#policy.covers(channel);
  }

  #open(hub: AppHub, channel: string): ChannelLanes {
    let channels = this.#apps.get(hub);
    if (channels === undefined) {
      channels = new Map();
      this.#apps.set(hub, channels);
    }
    const lanes = new ChannelLanes({
      hub,
      channel,
      maxMessages: this.#policy.maxMessages,
      frameOptions: this.#frameOptions,
      timer: this.#timer,
      clock: this.#clock,
      onIdle(idle) {
        if (channels.get(channel) === idle) channels.delete(channel);
      },
    });
    channels.set(channel, lanes);
    return lanes;
  }
}

const hasWindows = (listeners: readonly Channel[]): boolean =>
  listeners.some(({ windows }) => windows !== null && windows.size > 0);

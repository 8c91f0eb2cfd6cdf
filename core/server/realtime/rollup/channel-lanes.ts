// The lanes of one channel, one for each window that its subscribers on this node use, and who gets what they held: a connection
// that was live in all of it. Whoever is behind a gate, or came in the middle, gets every append by itself, and never both.
import type { Channel } from '../channel.ts';
import type { Connection } from '../connection.ts';
import { Delivery, matchingPatterns, subscriptionsAmong } from '../delivery.ts';
import type { FrameOptions } from '../encode-message.ts';
import type { AppHub } from '../hub.ts';
import type { MessageFrames } from '../message-frames.ts';
import type { Subscription } from '../subscription.ts';
import type { AppendRun } from './append-run.ts';
import type { FlushTimer } from './flush-timer.ts';
import { type Append, Lane } from './lane.ts';

export interface LanesOptions {
  readonly hub: AppHub;
  readonly channel: string;
  readonly maxMessages: number;
  readonly frameOptions: FrameOptions;
  readonly timer: FlushTimer;
  readonly clock: () => number;
  /** No window is open and nothing is held. */
  readonly onIdle: (lanes: ChannelLanes) => void;
}

export class ChannelLanes {
  readonly hub: AppHub;
  readonly channel: string;
  readonly #options: LanesOptions;
  readonly #lanes = new Map<number, Lane>();

  constructor(options: LanesOptions) {
    this.#options = options;
    this.hub = options.hub;
    this.channel = options.channel;
  }

  /** True: somebody waits for it, as `keeps` says. `listeners`: what the channel's messages come through on this node. */
  take(append: Append, listeners: readonly Channel[]): boolean {
    const nowMs = this.#options.clock();
    for (const lane of this.#lanes.values()) lane.keepsLast = false;
    let isKept = false;
    for (const windowMs of windowsOf(listeners)) {
      const lane = this.#lanes.get(windowMs) ?? this.#open(windowMs);
      lane.take(append, nowMs);
      isKept ||= lane.keepsLast;
    }
    return isKept;
  }

  /** Whether a subscription, the only one through which its connection hears the channel, waits for the append taken last. */
  keeps({ connection, gate, liveSince }: Subscription): boolean {
    const lane = this.#lanes.get(connection.rollupWindowMs);
    return lane?.keepsLast === true && gate === null && liveSince <= lane.since;
  }

  /** The same for a connection that may hear it through several. */
  keepsFor(connection: Connection, listeners: readonly Channel[]): boolean {
    const lane = this.#lanes.get(connection.rollupWindowMs);
    if (lane?.keepsLast !== true) return false;
    return areLive(subscriptionsAmong(listeners, connection, this.channel), lane.since);
  }

  flush(): void {
    const nowMs = this.#options.clock();
    for (const lane of this.#lanes.values()) lane.flush(nowMs);
  }

  forget(messageSerial: string): void {
    for (const lane of this.#lanes.values()) lane.forget(messageSerial);
  }

  /** What waits for this connection leaves, and with it what waits for others on the same lane. */
  flushFor({ rollupWindowMs }: Connection): void {
    this.#lanes.get(rollupWindowMs)?.flush(this.#options.clock());
  }

  /** Whether something is held that this subscription is to get. */
  holdsFor({ connection, gate, liveSince }: Subscription): boolean {
    const lane = this.#lanes.get(connection.rollupWindowMs);
    return (
      lane !== undefined &&
      lane.since !== Number.POSITIVE_INFINITY &&
      gate === null &&
      liveSince <= lane.since
    );
  }

  #open(windowMs: number): Lane {
    const { timer, maxMessages } = this.#options;
    const lane = new Lane({
      windowMs,
      maxMessages,
      timer,
      counters: this.hub.counters,
      send: (runs, since) => this.#send(windowMs, runs, since),
      onIdle: () => {
        // The timer may know a lane longer than it is in use.
        if (this.#lanes.get(windowMs) === lane) this.#lanes.delete(windowMs);
        if (this.#lanes.size === 0) this.#options.onIdle(this);
      },
    });
    this.#lanes.set(windowMs, lane);
    return lane;
  }

  #send(windowMs: number, runs: readonly AppendRun[], since: number): void {
    const recipients = this.#recipients(windowMs, since);
    if (recipients.length === 0) return;
    for (const run of runs) {
      const merged = run.merged(this.#options.frameOptions);
      const delivery = new Delivery(merged, run.exceptSocketId, this.hub.counters);
      for (const { connection, subscriptions } of recipients) {
        if (!delivery.isFor(connection)) continue;
        const passed = passing(run, subscriptions);
        if (passed === run.parts) delivery.send(connection);
        else for (const frames of passed) connection.push(frames.of(connection.frameClass));
        this.hub.counters.eventFilterSuppressed += run.parts.length - passed.length;
      }
    }
  }

  #recipients(windowMs: number, since: number): readonly Recipient[] {
    const { hub, channel } = this;
    const exact = hub.channels.get(channel);
    const patterns = matchingPatterns(hub, channel);
    const listeners = exact === undefined ? patterns : [exact, ...patterns];
    const seen = new Set<Connection>();
    const recipients: Recipient[] = [];
    for (const { subscriptions } of listeners) {
      for (const { connection } of subscriptions) {
        if (connection.rollupWindowMs !== windowMs || seen.has(connection)) continue;
        seen.add(connection);
        const reached = subscriptionsAmong(listeners, connection, channel);
        if (areLive(reached, since)) recipients.push({ connection, subscriptions: reached });
      }
    }
    return recipients;
  }
}

const NO_WINDOWS: Iterable<number> = [];

/** Each once. */
function windowsOf(listeners: readonly Channel[]): Iterable<number> {
  const [first] = listeners;
  if (listeners.length === 1) return first?.windows?.keys() ?? NO_WINDOWS;
  return new Set(listeners.flatMap(({ windows }) => (windows === null ? [] : [...windows.keys()])));
}

interface Recipient {
  readonly connection: Connection;
  /** Those that the channel's messages come through; any of them may let one through. */
  readonly subscriptions: readonly Subscription[];
}

function areLive(subscriptions: readonly Subscription[], since: number): boolean {
  return (
    subscriptions.length > 0 &&
    subscriptions.every(({ gate, liveSince }) => gate === null && liveSince <= since)
  );
}

/** The run's own array when all of it passes: filters look at single appends. */
function passing({ parts }: AppendRun, subscriptions: readonly Subscription[]): readonly MessageFrames[] {
  if (subscriptions.some(({ filter }) => filter === null)) return parts;
  const passed = parts.filter((frames) =>
    subscriptions.some(({ filter }) => filter === null || frames.passes(filter)),
  );
  return passed.length === parts.length ? parts : passed;
}

// The appends of one channel on their way to the connections with one window. The first append to a message leaves at once and
// opens the window, those that follow wait for its end. It decides and keeps; who they are sent to is its owner's business.
import type { AppCounters } from '../../metrics/counters.ts';
import type { MessageFrames } from '../message-frames.ts';
import { AppendRun } from './append-run.ts';
import type { FlushTimer, Window } from './flush-timer.ts';

/** Beyond either, what is held leaves before the end of the window. */
const MAX_HELD_APPENDS = 1_000;
const MAX_HELD_CHARACTERS = 64 * 1024;

export interface LaneOptions {
  readonly windowMs: number;
  /** Messages of the channel with a window at a time. */
  readonly maxMessages: number;
  readonly timer: FlushTimer;
  readonly counters: AppCounters;
  /** Sends what was held. `since`: the number of the first append in it. */
  readonly send: (runs: readonly AppendRun[], since: number) => void;
  /** The lane holds nothing and no window is open. */
  readonly onIdle: () => void;
}

export interface Append {
  readonly frames: MessageFrames;
  readonly exceptSocketId: string | undefined;
  /** Its number among all appends that came by (Rollup, `order`). */
  readonly order: number;
  readonly messageSerial: string;
}

export class Lane implements Window {
  readonly windowMs: number;
  endsAtMs = 0;
  /** The append that was taken last waits here. */
  keepsLast = false;
  /** Number of the first append that is held. */
  since = Number.POSITIVE_INFINITY;
  readonly #options: LaneOptions;
  /** Messages whose window is open: the first append to each has left. */
  readonly #open = new Set<string>();
  #runs: AppendRun[] = [];
  #appends = 0;
  #characters = 0;
  #heldSinceMs = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.windowMs = options.windowMs;
  }

  /** Afterwards `keepsLast` says whether it is held; if not, everything that was has left before it. */
  take(append: Append, nowMs: number): void {
    const { counters, maxMessages } = this.#options;
    counters.appendsReceived += 1;
    // The timer is late.
    if (this.#open.size > 0 && nowMs >= this.endsAtMs) this.#close(nowMs);
    this.keepsLast = this.#open.has(append.messageSerial);
    if (this.keepsLast) {
      this.#hold(append, nowMs);
      return;
    }
    this.flush(nowMs);
    if (this.#open.size < maxMessages) this.#begin(append.messageSerial, nowMs);
    counters.appendsDelivered += 1;
    counters.rollupRatio.observe(1);
  }

  /** Sends what is held; windows stay open. */
  flush(nowMs: number): void {
    if (this.#runs.length === 0) return;
    const { counters, send } = this.#options;
    const runs = this.#runs;
    const { since } = this;
    this.#runs = [];
    this.#appends = 0;
    this.#characters = 0;
    this.since = Number.POSITIVE_INFINITY;
    for (const { parts } of runs) {
      counters.appendsDelivered += 1;
      counters.rollupRatio.observe(parts.length);
    }
    counters.flushLatencyMs.observe(nowMs - this.#heldSinceMs);
    send(runs, since);
  }

  /** The message is finished, or its next append starts from something else: that one leaves at once. */
  forget(messageSerial: string): void {
    if (this.#open.delete(messageSerial)) this.#options.counters.activeStreams -= 1;
  }

  ended(nowMs: number): void {
    this.#close(nowMs);
    this.#options.onIdle();
  }

  /** All windows of the lane end together, so that what was held of one message is in no frame behind that of another. */
  #close(nowMs: number): void {
    this.#options.counters.activeStreams -= this.#open.size;
    this.#open.clear();
    this.flush(nowMs);
  }

  #begin(messageSerial: string, nowMs: number): void {
    if (this.#open.size === 0) {
      this.endsAtMs = nowMs + this.windowMs;
      this.#options.timer.add(this);
    }
    this.#open.add(messageSerial);
    this.#options.counters.activeStreams += 1;
  }

  #hold({ frames, exceptSocketId, order }: Append, nowMs: number): void {
    const characters = frames.message.data?.length ?? 0;
    if (this.#appends >= MAX_HELD_APPENDS || this.#characters + characters > MAX_HELD_CHARACTERS) {
      this.flush(nowMs);
    }
    if (this.#runs.length === 0) {
      this.since = order;
      this.#heldSinceMs = nowMs;
    }
    this.#appends += 1;
    this.#characters += characters;
    if (this.#runs.at(-1)?.add(frames, exceptSocketId) === true) return;
    this.#runs.push(new AppendRun(frames, exceptSocketId));
  }
}

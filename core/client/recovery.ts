/**
 * Continuity of channels over a reconnect (protocol 2): keeps each channel's position and, once a channel is acknowledged again,
 * asks for what was missed since the position from before (divergence D88). Must not know: sockets, handlers, storage.
 *
 * Invariants
 *  R1 While a channel resumes, its stored position stays the one it resumes from: a second loss asks for the same gap again.
 *  R2 A channel is asked for at most once per connection, after its own acknowledgement.
 *  R3 A rewind cut off by a loss leaves no position: the next subscribe rewinds again.
 *  R4 What is live is delivered after what was missed before it; what never was delivered is not counted as read.
 */
import { isJsonObject, type JsonObject, matchesPattern, member, stringMember } from '@sockudo/protocol';
import type { EventNames } from './event-names.ts';
import { type Frame, isPublished } from './frame.ts';
import { HeldFrames } from './held-frames.ts';
import {
  compareSerials,
  furtherPosition,
  positionOf,
  type RecoveryPosition,
  readPosition,
} from './positions.ts';
import type { Runtime, TimerHandle } from './runtime.ts';
import { numberOf } from './values.ts';

/** Positions kept; beyond it the oldest channel's is dropped. Only pattern subscriptions can come near it. */
export const POSITIONS_MAX = 10_000;

/**
 * How long live frames wait for the answer to a resume, in ms. A server has ten seconds for a channel; one that never answers
 * must not silence it.
 */
export const RESUME_PATIENCE_MS = 15_000;

/** Data of `sockudo:resume_failed`: the server's own members, and always the channel. */
export interface ResumeFailure {
  readonly channel: string;
  /** `stream_reset`, `position_expired`, `continuity_unverifiable` or `persistence_unavailable`. */
  readonly code: string;
  readonly reason: string;
  readonly [detail: string]: unknown;
}

export interface RecoveryOptions {
  /** False: positions are kept for reading, nothing is ever asked for. */
  readonly isEnabled: boolean;
  readonly names: EventNames;
  readonly send: (event: string, data: unknown) => boolean;
  /** True for channels subscribed by exactly this name. */
  readonly hasChannel: (name: string) => boolean;
  /** Called once for each channel whose gap cannot be filled. */
  readonly failed: (failure: ResumeFailure) => void;
  /** Takes the frames that `holds` kept, when their turn has come. */
  readonly deliver: (frame: Frame) => void;
  /** Some position is another than before, or gone. */
  readonly changed: () => void;
  readonly runtime: Pick<Runtime, 'setTimer' | 'clearTimer'>;
}

interface Resuming {
  /** Head of the channel when it was acknowledged: where it goes on if the gap stays. */
  readonly acknowledged: RecoveryPosition | undefined;
  /** Furthest frame that came meanwhile. */
  seen: RecoveryPosition | undefined;
  /** Live frames no longer wait: there are too many, or the answer takes too long. */
  isImpatient: boolean;
}

export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #positions = new Map<string, RecoveryPosition>();
  /** Channels whose position is from an earlier connection and was not asked for yet. */
  #fromBefore = new Set<string>();
  readonly #resuming = new Map<string, Resuming>();
  readonly #rewinding = new Set<string>();
  readonly #held = new HeldFrames();
  #patience: TimerHandle;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** The channel's current position, if any. */
  position(channel: string): RecoveryPosition | undefined {
    return this.#positions.get(channel);
  }

  /** Positions from an earlier life of the application: each is asked for once its channel is acknowledged. */
  restore(positions: Iterable<readonly [channel: string, position: RecoveryPosition]>): void {
    for (const [channel, position] of positions) {
      if (this.#positions.has(channel) || this.#positions.size >= POSITIONS_MAX) continue;
      this.#positions.set(channel, position);
      this.#fromBefore.add(channel);
    }
  }

  /** All positions, the longest known first. */
  positions(): Iterable<readonly [channel: string, position: RecoveryPosition]> {
    return this.#positions;
  }

  /** True when the channel's next acknowledgement will be followed by a resume. */
  willResume(channel: string): boolean {
    return this.#fromBefore.has(channel);
  }

  /** A subscribe with `rewind` was sent. */
  rewindSent(channel: string): void {
    this.#rewinding.add(channel);
  }

  /** The connection is gone. */
  lost(): void {
    for (const channel of this.#rewinding) this.#positions.delete(channel);
    this.#rewinding.clear();
    this.#resuming.clear();
    this.#held.clear();
    this.#stopWaiting();
    if (this.#options.isEnabled) this.#fromBefore = new Set(this.#positions.keys());
  }

  /** The channel was unsubscribed; a pattern takes the channels along that only it brought. */
  forget(channel: string): void {
    for (const name of [channel, ...this.#broughtBy(channel, this.#positions.keys())]) {
      this.#positions.delete(name);
      this.#fromBefore.delete(name);
      this.#resuming.delete(name);
      this.#rewinding.delete(name);
      this.#held.take(name);
    }
    this.#options.changed();
  }

  /**
   * True for a live message of a channel that still misses what came before it: it is kept, and delivered in its turn. To be
   * asked before anything else looks at the frame.
   */
  holds(frame: Frame): boolean {
    const { channel } = frame;
    const resuming = channel === undefined ? undefined : this.#resuming.get(channel);
    if (channel === undefined || resuming === undefined || resuming.isImpatient) return false;
    if (!isPublished(frame.event, this.#options.names)) return false;
    const position = positionOf(frame, true);
    if (position === undefined || isMissed(position, resuming.acknowledged)) return false;
    if (!this.#held.add(channel, frame)) {
      resuming.isImpatient = true;
      this.#release(channel);
      return false;
    }
    this.#patience ??= this.#options.runtime.setTimer(() => this.#runOutOfPatience(), RESUME_PATIENCE_MS);
    return true;
  }

  /** Looks at every frame that was not a repeat, before it is delivered. */
  observe(frame: Frame): void {
    const { names } = this.#options;
    switch (frame.event) {
      case names.internal('subscription_succeeded'):
        if (frame.channel !== undefined) this.#acknowledged(frame.channel, positionOf(frame, false));
        break;
      case names.platform('resume_success'):
        this.#resumed(frame.data);
        break;
      case names.platform('resume_failed'):
        this.#refused(frame);
        break;
      case names.platform('error'):
        this.#error(frame.data);
        break;
      default:
        if (frame.event === names.platform('rewind_complete')) this.#rewinding.delete(frame.channel ?? '');
        if (frame.channel !== undefined) this.#advance(frame.channel, positionOf(frame, true));
    }
  }

  /** Of some channels those that only this pattern brings; none for a plain name. */
  #broughtBy(pattern: string, names: Iterable<string>): string[] {
    if (!pattern.includes('*')) return [];
    return [...names].filter((name) => matchesPattern(pattern, name) && !this.#options.hasChannel(name));
  }

  #acknowledged(channel: string, position: RecoveryPosition | undefined): void {
    const due = this.#broughtBy(channel, this.#fromBefore);
    if (this.#fromBefore.has(channel)) due.push(channel);
    else this.#advance(channel, position);
    if (due.length === 0) return;
    const asked: Record<string, RecoveryPosition> = Object.create(null);
    for (const name of due) {
      const from = this.#positions.get(name);
      this.#fromBefore.delete(name);
      if (from === undefined) continue;
      asked[name] = from;
      const acknowledged = name === channel ? position : undefined;
      this.#resuming.set(name, { acknowledged, seen: undefined, isImpatient: false });
    }
    // Text, because Sockudo itself reads no object here.
    this.#options.send(this.#options.names.platform('resume'), JSON.stringify({ channel_positions: asked }));
  }

  #advance(channel: string, position: RecoveryPosition | undefined): void {
    if (position === undefined) return;
    const resuming = this.#resuming.get(channel);
    if (resuming !== undefined) resuming.seen = furtherPosition(resuming.seen, position);
    else this.#store(channel, furtherPosition(this.#positions.get(channel), position));
  }

  #store(channel: string, position: RecoveryPosition | undefined): void {
    this.#options.changed();
    if (position === undefined) {
      this.#positions.delete(channel);
      return;
    }
    if (!this.#positions.has(channel) && this.#positions.size >= POSITIONS_MAX) {
      const oldest = this.#positions.keys().next();
      if (oldest.done !== true) this.#positions.delete(oldest.value);
    }
    this.#positions.set(channel, position);
  }

  /** `resume_success` settles the channels it names; those it fails were usually announced by a frame of their own already. */
  #resumed(data: unknown): void {
    for (const entry of entriesOf(data, 'recovered')) {
      const channel = stringMember(entry, 'channel') ?? '';
      const resuming = this.#resuming.get(channel);
      if (resuming === undefined) continue;
      this.#resuming.delete(channel);
      // A null position means that nothing was missed.
      const reached = furtherPosition(this.#positions.get(channel), readPosition(member(entry, 'position')));
      this.#store(channel, furtherPosition(reached, resuming.seen));
      this.#release(channel);
    }
    for (const entry of entriesOf(data, 'failed')) {
      const channel = stringMember(entry, 'channel') ?? '';
      if (this.#resuming.has(channel)) this.#fail(channel, entry);
    }
  }

  /** The channel is on the envelope (Sockudo), in the data (older clients' reading), or both. */
  #refused(frame: Frame): void {
    const data = isJsonObject(frame.data) ? frame.data : {};
    const channel = frame.channel ?? stringMember(data, 'channel');
    if (channel !== undefined) this.#fail(channel, data);
  }

  /** The server has no recovery at all: there is no code of its own for that, only this text. */
  #error(data: unknown): void {
    if (!isJsonObject(data) || numberOf(member(data, 'code')) !== 4301) return;
    if (stringMember(data, 'message') !== 'Connection recovery is not enabled') return;
    for (const channel of [...this.#resuming.keys()]) {
      this.#fail(channel, { code: 'continuity_unverifiable', reason: 'recovery_not_enabled' });
    }
  }

  /** The gap stays: the channel goes on from where it was acknowledged. */
  #fail(channel: string, details: JsonObject): void {
    const resuming = this.#resuming.get(channel);
    this.#resuming.delete(channel);
    if (resuming !== undefined) this.#store(channel, furtherPosition(resuming.acknowledged, resuming.seen));
    this.#options.failed({
      ...details,
      channel,
      code: stringMember(details, 'code') ?? 'continuity_unverifiable',
      reason: stringMember(details, 'reason') ?? '',
    });
    this.#release(channel);
  }

  #release(channel: string): void {
    const frames = this.#held.take(channel);
    if (this.#held.isEmpty) this.#stopWaiting();
    for (const frame of frames) this.#options.deliver(frame);
  }

  #runOutOfPatience(): void {
    this.#patience = undefined;
    for (const channel of this.#held.channels()) {
      const resuming = this.#resuming.get(channel);
      if (resuming !== undefined) resuming.isImpatient = true;
      this.#release(channel);
    }
  }

  #stopWaiting(): void {
    this.#options.runtime.clearTimer(this.#patience);
    this.#patience = undefined;
  }
}

/** What lies at or below the acknowledged position is what was missed; a pattern is told none, so there all frames wait. */
function isMissed(position: RecoveryPosition, acknowledged: RecoveryPosition | undefined): boolean {
  if (acknowledged === undefined || acknowledged.stream_id !== position.stream_id) return false;
  return compareSerials(position.serial, acknowledged.serial) <= 0;
}

function entriesOf(data: unknown, key: 'recovered' | 'failed'): JsonObject[] {
  const entries = isJsonObject(data) ? member(data, key) : undefined;
  return Array.isArray(entries) ? entries.filter(isJsonObject) : [];
}

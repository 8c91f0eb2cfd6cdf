/**
 * Messages that came as deltas (protocol 2): keeps the last text of each series, one for a channel, event and conflation key
 * (divergence D86), and makes whole frames of deltas before anything else sees them. Bounded: the series longest unused goes, and
 * the server is asked for whole messages should it come back.
 * Must not know: sockets, handlers, what a message is for.
 */
import {
  applyDelta,
  DELTA_DEFAULT_ALGORITHM,
  type DeltaAlgorithm,
  type DeltaNotice,
  isJsonObject,
  matchesPattern,
  member,
  parseDeltaAlgorithm,
  parseDeltaNotice,
} from '@sockudo/protocol';
import type { EventNames } from './event-names.ts';
import { type DeltaBase, decodeFrame, type Frame } from './frame.ts';

/** Series kept. A server keeps 100 channels of 100 for a connection unless it is told otherwise. */
export const SERIES_MAX = 10_000;

/** A delta whose base is not here, or that does not fit it. */
export class DeltaMismatch extends Error {
  override readonly name = 'DeltaMismatch';
}

export interface DeltasOptions {
  readonly names: EventNames;
  /** False for channels without an acknowledged subscription: what is still on its way from before is dropped. */
  readonly isWanted: (channel: string) => boolean;
  /** A message could not be rebuilt and is lost; the server has to send the channel's next messages whole. */
  readonly failed: (channel: string, error: unknown) => void;
}

interface Series {
  readonly channel: string;
  readonly seq: number;
  /** UTF-8 of the last frame. */
  readonly bytes: Uint8Array;
}

export class Deltas {
  readonly #options: DeltasOptions;
  /** By slot, the longest unused first. */
  readonly #series = new Map<string, Series>();
  /** Channels that the server was asked to begin anew and has not yet: deltas on their way are not asked about again. */
  readonly #beginning = new Set<string>();
  #confirmed: DeltaAlgorithm = DELTA_DEFAULT_ALGORITHM;

  constructor(options: DeltasOptions) {
    this.#options = options;
  }

  /** The frame to go on with: the rebuilt one for a delta, undefined for a delta that cannot be used, else the same. */
  receive(frame: Frame): Frame | undefined {
    const { names } = this.#options;
    if (frame.base !== undefined) this.#begin(frame, frame.base);
    if (frame.event === names.platform('delta')) return this.#rebuild(frame);
    if (frame.event === names.platform('delta_compression_enabled')) this.#confirm(frame.data);
    return frame;
  }

  /** A subscription, to a channel or a pattern, has ended. */
  forget(name: string): void {
    for (const [slot, { channel }] of this.#series) {
      if (matchesPattern(name, channel)) this.#series.delete(slot);
    }
    for (const channel of this.#beginning) {
      if (matchesPattern(name, channel)) this.#beginning.delete(channel);
    }
  }

  /** The connection is gone, and with it everything that the server knew of ours. */
  lost(): void {
    this.#series.clear();
    this.#beginning.clear();
    this.#confirmed = DELTA_DEFAULT_ALGORITHM;
  }

  #confirm(data: unknown): void {
    const named = isJsonObject(data) ? parseDeltaAlgorithm(member(data, 'algorithm')) : null;
    if (named !== null) this.#confirmed = named;
  }

  #begin({ event, channel }: Frame, { seq, conflationKey, text }: DeltaBase): void {
    if (channel === undefined || !this.#options.isWanted(channel)) return;
    this.#beginning.delete(channel);
    this.#keep(slotOf(channel, event, conflationKey), {
      channel,
      seq,
      bytes: new TextEncoder().encode(text),
    });
  }

  #rebuild({ channel, data }: Frame): Frame | undefined {
    if (channel === undefined || !this.#options.isWanted(channel) || this.#beginning.has(channel)) {
      return undefined;
    }
    try {
      const notice = parseDeltaNotice(data);
      if (notice === null) throw new DeltaMismatch(`Malformed delta on ${channel}`);
      return this.#apply(channel, notice);
    } catch (error) {
      this.forget(channel);
      this.#beginning.add(channel);
      this.#options.failed(channel, error);
      return undefined;
    }
  }

  #apply(channel: string, notice: DeltaNotice<Uint8Array>): Frame {
    const { names } = this.#options;
    const event = names.inbound(notice.event);
    const slot = slotOf(channel, event, notice.conflationKey);
    const base = this.#series.get(slot);
    if (base?.seq !== notice.baseIndex) {
      throw new DeltaMismatch(
        `No message ${notice.baseIndex} of '${event}' on ${channel} to apply a delta to`,
      );
    }
    const bytes = applyDelta(notice.algorithm ?? this.#confirmed, base.bytes, notice.delta);
    const frame = decodeFrame(new TextDecoder().decode(bytes), names);
    // VCDIFF does not notice a foreign base by itself.
    if (frame.event !== event || frame.channel !== channel) {
      throw new DeltaMismatch(`A delta of '${event}' on ${channel} made another message`);
    }
    this.#keep(slot, { channel, seq: notice.seq, bytes });
    return frame;
  }

  #keep(slot: string, series: Series): void {
    this.#series.delete(slot);
    this.#series.set(slot, series);
    if (this.#series.size <= SERIES_MAX) return;
    const oldest = this.#series.keys().next();
    if (oldest.done !== true) this.#series.delete(oldest.value);
  }
}

const slotOf = (channel: string, event: string, conflationKey: string | undefined): string =>
  JSON.stringify([channel, event, conflationKey ?? null]);

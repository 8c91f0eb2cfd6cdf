// The hot buffers of all channels on this node: filled by the hub as it delivers, read by those who resume. Bounded together;
// what is least used goes first, and its clients are served from the log.
import type { App } from '../../apps/app.ts';
import type { ChannelKey, Position } from '../../ports/channel-log.ts';
import type { MessageFrames } from '../message-frames.ts';
import { HotBuffer, type HotUsage } from './hot-buffer.ts';

export interface HotBuffersOptions {
  /** Most bytes over all channels, as HotBuffer estimates them; default 128 MiB. */
  readonly maxBytes?: number;
  /** Most channels, default 100,000. */
  readonly maxChannels?: number;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

const SWEEP_INTERVAL_MS = 10_000;
/** Channels looked at by one sweep; the next goes on where it ended. */
const SWEEP_CHANNELS = 2_000;

/** One buffer with its place in the maps. */
interface Place {
  readonly appId: string;
  readonly channel: string;
  readonly buffer: HotBuffer;
  /** Used since the last look for room. */
  isUsed: boolean;
}

export class HotBuffers {
  readonly #maxBytes: number;
  readonly #maxChannels: number;
  readonly #now: () => number;
  readonly #apps = new Map<string, Map<string, Place>>();
  /** Every place, the longest kept first. */
  readonly #places = new Set<Place>();
  readonly #timer: NodeJS.Timeout;
  /** Where the sweep goes on: a live iterator over `#places`. */
  #walk: SetIterator<Place> = this.#places.values();
  readonly #usage: HotUsage = { bytes: 0 };
  #order = 0;

  constructor(options: HotBuffersOptions = {}) {
    this.#maxBytes = options.maxBytes ?? 128 * 1024 * 1024;
    this.#maxChannels = options.maxChannels ?? 100_000;
    this.#now = options.now ?? Date.now;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Positioned messages that this node has delivered so far: a place in time for subscriptions that know no position. */
  get order(): number {
    return this.#order;
  }

  /** Estimate of what all buffers keep. */
  get bytes(): number {
    return this.#usage.bytes;
  }

  /** A message that is about to be delivered. Nothing is kept of messages without position. */
  append(app: App, frames: MessageFrames, exceptSocketId: string | undefined): void {
    const { channel, position } = frames.message;
    if (position === undefined || !app.recovery.enabled) return;
    this.#order += 1;
    const place = this.#place(app.id, channel) ?? this.#open(app, channel, position);
    place.isUsed = true;
    place.buffer.append({ frames, exceptSocketId, order: this.#order }, position);
    while (this.#usage.bytes > this.#maxBytes && this.#dropLeastUsed(place));
  }

  get(appId: string, channel: string): HotBuffer | null {
    const place = this.#place(appId, channel);
    if (place === undefined) return null;
    place.isUsed = true;
    return place.buffer;
  }

  /** The channel was purged or reset: its buffer forgets everything. */
  cut({ appId, channel }: ChannelKey, head: Position): void {
    this.#place(appId, channel)?.buffer.cut(head, this.#now());
  }

  close(): void {
    clearInterval(this.#timer);
    this.#apps.clear();
    this.#places.clear();
  }

  #place(appId: string, channel: string): Place | undefined {
    return this.#apps.get(appId)?.get(channel);
  }

  /** `first`: the position of the message that opens the buffer. */
  #open({ id: appId, recovery }: App, channel: string, { streamId, serial }: Position): Place {
    const buffer = new HotBuffer(recovery, this.#usage, { streamId, serial: serial - 1 });
    const place: Place = { appId, channel, buffer, isUsed: true };
    let channels = this.#apps.get(appId);
    if (channels === undefined) {
      channels = new Map();
      this.#apps.set(appId, channels);
    }
    channels.set(channel, place);
    this.#places.add(place);
    if (this.#places.size > this.#maxChannels) this.#dropLeastUsed(place);
    return place;
  }

  /** Goes round like the hand of a clock: what was used since its last visit is passed over once. */
  #dropLeastUsed(except: Place): boolean {
    for (const place of this.#places) {
      if (place === except && this.#places.size === 1) return false;
      if (!place.isUsed && place !== except) {
        this.#drop(place);
        return true;
      }
      place.isUsed = place === except;
      this.#places.delete(place);
      this.#places.add(place);
    }
    return false;
  }

  #drop(place: Place): void {
    place.buffer.clear();
    this.#places.delete(place);
    this.#apps.get(place.appId)?.delete(place.channel);
  }

  #sweep(): void {
    const nowMs = this.#now();
    for (let left = SWEEP_CHANNELS; left > 0; left -= 1) {
      const { done, value: place } = this.#walk.next();
      if (done === true) {
        this.#walk = this.#places.values();
        return;
      }
      if (place.buffer.isOver(nowMs)) this.#drop(place);
    }
  }
}

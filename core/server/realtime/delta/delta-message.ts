// One message on its way to subscribers with deltas: which frame each of them gets. The bytes of a delta are computed once for a
// base and an algorithm, and a frame once for a number, however many subscribers it has: those who were there for the last
// message share both.
import { createDelta, type DeltaAlgorithm, deltaFrame, markDeltaBase, withPrefixOf } from '@sockudo/protocol';
import type { App } from '../../apps/app.ts';
import type { AppCounters } from '../../metrics/counters.ts';
import type { Message } from '../../ports/message.ts';
import { type FrameOptions, v2Text } from '../encode-message.ts';
import { DELIVERY_CLASSES, type DeliveryClass, frameOf, V2_TEXT } from '../wire-format.ts';
import { conflationKeyOf } from './conflation-key.ts';
import type { DeltaBase, DeltaSeries, SubscriptionDelta } from './connection-deltas.ts';
import { type DeltaPolicy, type DeltaSettings, deltaPolicyOf } from './delta-policy.ts';

/** The first messages of a series are sent whole, as in Sockudo: the client has a base before the first delta comes. */
const FULL_AT_FIRST = 2;
/** Larger frames are neither compared nor kept as bases: both would cost every other client of the process. */
export const DELTA_FRAME_MAX_BYTES = 256 * 1024;

export interface DeltaMessageContext {
  readonly app: App;
  readonly settings: DeltaSettings;
  readonly frameOptions: FrameOptions;
  readonly counters: AppCounters;
}

/** Published over HTTP with nothing said against it; edits of a message and everything the platform says go out whole. */
const isEligible = ({ delta, version, platform }: Message): boolean =>
  delta === true && platform !== true && (version === undefined || version.action === 'create');

/** The message with a view to deltas; null: everybody gets it whole, and no series takes note of it. */
export function deltaMessage(message: Message, context: DeltaMessageContext): DeltaMessage | null {
  if (!isEligible(message)) return null;
  const policy = deltaPolicyOf(context.app, context.settings, message.channel);
  if (policy === null) return null;
  const text = v2Text(message, context.frameOptions);
  // Characters are never more than bytes.
  if (text.length > DELTA_FRAME_MAX_BYTES) return null;
  const bytes = Buffer.from(text);
  if (bytes.length < context.settings.minMessageBytes || bytes.length > DELTA_FRAME_MAX_BYTES) return null;
  return new DeltaMessage(message, { text, bytes, policy }, context);
}

interface Prepared {
  readonly text: string;
  readonly bytes: Buffer;
  readonly policy: DeltaPolicy;
}

/** A delta and the frames it was put into, by `frameKey`; null: such a frame is not smaller than the whole message. */
interface Delta {
  readonly base64: string;
  readonly frames: Map<number, Buffer | null>;
}

export class DeltaMessage {
  /** Null: to be made again from the base's bytes. */
  #text: string | null;
  readonly #base: DeltaBase;
  readonly #policy: DeltaPolicy;
  readonly #settings: DeltaSettings;
  readonly #counters: AppCounters;
  readonly #channel: string;
  readonly #event: string;
  readonly #conflationKey: string | undefined;
  readonly #seriesKey: string;
  readonly #fitsBinary: boolean;
  readonly #fullFrames = new Map<number, Buffer>();
  readonly #deltas = { fossil: new Map<DeltaBase, Delta>(), xdelta3: new Map<DeltaBase, Delta>() };

  constructor(message: Message, { text, bytes, policy }: Prepared, context: DeltaMessageContext) {
    this.#text = text;
    this.#base = { bytes, sentAtMs: Date.now() };
    this.#policy = policy;
    this.#settings = context.settings;
    this.#counters = context.counters;
    this.#channel = message.channel;
    this.#event = withPrefixOf(2, message.event);
    const path = policy.conflationPath;
    this.#conflationKey = path === null ? undefined : conflationKeyOf(text, path);
    this.#seriesKey = path === null ? this.#event : JSON.stringify([this.#event, this.#conflationKey]);
    // A binary client makes the base's text from the members it got. Extras lose what the binary formats lack, and tags the order
    // of their keys, so that the text would be another.
    const hasTags = context.frameOptions.tagsInFrames && message.tags !== undefined;
    this.#fitsBinary = message.extras === undefined && message.version === undefined && !hasTags;
  }

  /** The subscriber's frame, counted in its series; null: it gets the message whole and outside of any series. */
  frameFor(deliveryClass: DeliveryClass, subscriber: SubscriptionDelta): Buffer | null {
    if (deliveryClass !== V2_TEXT && !this.#fitsBinary) return null;
    const series = subscriber.deltas.series(this.#channel, this.#seriesKey, this.#policy.maxSeries);
    if (series === null) return null;
    const seq = series.nextSeq;
    const delta = this.#deltaFrame(series, deliveryClass, subscriber);
    const size = this.#base.bytes.length;
    this.#counters.deltaOriginalBytes += size;
    if (delta === null) {
      this.#counters.deltaFullMessages += 1;
      series.deltasSinceFull = 0;
    } else {
      this.#counters.deltaMessages += 1;
      this.#counters.deltaSavedBytes += size - delta.length;
      series.deltasSinceFull += 1;
    }
    series.base = this.#base;
    series.nextSeq = seq + 1;
    series.sent += 1;
    return delta ?? this.#fullFrame(seq, deliveryClass);
  }

  /** Only the base stays: others that get the message later, held back until then, share it. */
  letGo(): void {
    this.#text = null;
    this.#fullFrames.clear();
    this.#deltas.fossil.clear();
    this.#deltas.xdelta3.clear();
  }

  #fullFrame(seq: number, deliveryClass: DeliveryClass): Buffer {
    const key = frameKey(seq, deliveryClass, false);
    let frame = this.#fullFrames.get(key);
    if (frame === undefined) {
      this.#text ??= this.#base.bytes.toString('utf8');
      frame = frameOf(deliveryClass, markDeltaBase(this.#text, seq, this.#conflationKey));
      this.#fullFrames.set(key, frame);
    }
    return frame;
  }

  /** Null: a whole message is due, or the smaller one. */
  #deltaFrame(
    series: DeltaSeries,
    deliveryClass: DeliveryClass,
    { deltas, algorithm: wanted }: SubscriptionDelta,
  ): Buffer | null {
    const { fullMessageInterval, maxStateAgeMs, omitAlgorithm } = this.#settings;
    const { base } = series;
    if (base === null || series.sent < FULL_AT_FIRST) return null;
    if (series.deltasSinceFull >= fullMessageInterval) return null;
    if (this.#base.sentAtMs - base.sentAtMs >= maxStateAgeMs) return null;
    const algorithm = wanted ?? this.#policy.algorithm;
    const isNamed = !omitAlgorithm || algorithm !== deltas.confirmed;
    const delta = this.#deltaFrom(base, algorithm);
    const key = frameKey(series.nextSeq, deliveryClass, isNamed);
    let frame = delta.frames.get(key);
    if (frame === undefined) {
      frame = this.#encodeDelta(delta.base64, series.nextSeq, isNamed ? algorithm : undefined, deliveryClass);
      delta.frames.set(key, frame);
    }
    return frame;
  }

  #deltaFrom(base: DeltaBase, algorithm: DeltaAlgorithm): Delta {
    const made = this.#deltas[algorithm];
    let delta = made.get(base);
    if (delta === undefined) {
      const bytes = createDelta(algorithm, base.bytes, this.#base.bytes);
      delta = {
        base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
        frames: new Map(),
      };
      made.set(base, delta);
    }
    return delta;
  }

  #encodeDelta(
    delta: string,
    seq: number,
    algorithm: DeltaAlgorithm | undefined,
    deliveryClass: DeliveryClass,
  ): Buffer | null {
    const whole = this.#base.bytes.length;
    if (delta.length >= whole) return null;
    const notice = {
      event: this.#event,
      delta,
      seq,
      algorithm,
      conflationKey: this.#conflationKey,
      baseIndex: seq - 1,
    };
    const frame = frameOf(deliveryClass, deltaFrame(this.#channel, notice));
    return frame.length < whole ? frame : null;
  }
}

const frameKey = (seq: number, deliveryClass: DeliveryClass, isNamed: boolean): number =>
  (seq * DELIVERY_CLASSES + deliveryClass) * 2 + (isNamed ? 1 : 0);

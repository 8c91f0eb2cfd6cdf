/**
 * Live frames that wait until what was missed before them has come. Bounded by channel; handed back in the order of their
 * serials, each once. Must not know: who asks for what was missed.
 */
import type { Frame, Serial } from './frame.ts';
import { compareSerials } from './positions.ts';

/** Frames held for one channel; a channel with more goes on without waiting. */
export const HELD_FRAMES_MAX = 1_000;

export class HeldFrames {
  readonly #frames = new Map<string, Frame[]>();

  get isEmpty(): boolean {
    return this.#frames.size === 0;
  }

  /** Channels that have frames waiting. */
  channels(): string[] {
    return [...this.#frames.keys()];
  }

  /** False: there are too many already. */
  add(channel: string, frame: Frame): boolean {
    const frames = this.#frames.get(channel);
    if (frames === undefined) this.#frames.set(channel, [frame]);
    else if (frames.length < HELD_FRAMES_MAX) frames.push(frame);
    else return false;
    return true;
  }

  /** The channel's frames in order; it has none any more. */
  take(channel: string): Frame[] {
    const frames = this.#frames.get(channel) ?? [];
    this.#frames.delete(channel);
    // Serials count within one stream only; streams follow each other as they came.
    const streams = new Map<string | undefined, Frame[]>();
    for (const frame of frames) {
      const stream = streams.get(frame.stream_id);
      if (stream === undefined) streams.set(frame.stream_id, [frame]);
      else stream.push(frame);
    }
    return [...streams.values()].flatMap(inOrder);
  }

  clear(): void {
    this.#frames.clear();
  }
}

function inOrder(frames: Frame[]): Frame[] {
  const serial = (frame: Frame): Serial => frame.serial ?? 0;
  const sorted = frames.toSorted((a, b) => compareSerials(serial(a), serial(b)));
  return sorted.filter((frame, index) => {
    const before = sorted[index - 1];
    return before === undefined || compareSerials(serial(before), serial(frame)) !== 0;
  });
}

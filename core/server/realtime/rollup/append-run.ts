// Appends to one message that followed each other in the channel with nothing in between, and the one frame that stands for them.
// Only such neighbours are merged: after each frame the reader then has everything up to its serial, wherever its connection is cut.

import type { FrameOptions } from '../encode-message.ts';
import type { MessageFrames as Frames } from '../message-frames.ts';
import { MessageFrames } from '../message-frames.ts';

export class AppendRun {
  /** The connection that must not hear it. */
  readonly exceptSocketId: string | undefined;
  readonly #first: Frames;
  readonly #parts: [Frames, ...Frames[]];
  #merged: Frames | null = null;

  constructor(first: Frames, exceptSocketId: string | undefined) {
    this.exceptSocketId = exceptSocketId;
    this.#first = first;
    this.#parts = [first];
  }

  /** The single appends, oldest first. */
  get parts(): readonly Frames[] {
    return this.#parts;
  }

  /** False: it belongs to another run. */
  add(frames: Frames, exceptSocketId: string | undefined): boolean {
    const { message } = frames;
    const { version, position } = this.#first.message;
    if (exceptSocketId !== this.exceptSocketId) return false;
    if (message.version?.messageSerial !== version?.messageSerial) return false;
    if (message.position?.streamId !== position?.streamId) return false;
    if (!isText(message.data) || !isText(this.#first.message.data)) return false;
    this.#parts.push(frames);
    return true;
  }

  /** One message with all fragments, which is the last append in everything else: serials, headers, and the whole text of it. */
  merged(options: FrameOptions): Frames {
    const last = this.#parts.at(-1) ?? this.#first;
    if (last === this.#first) return last;
    this.#merged ??= new MessageFrames({ ...last.message, data: this.#text() }, options);
    return this.#merged;
  }

  /** Texts in JSON stay texts when what is between their quotation marks is joined. */
  #text(): string {
    return `"${this.#parts.map(({ message: { data = '""' } }) => data.slice(1, -1)).join('')}"`;
  }
}

const isText = (data: string | undefined): boolean => data?.startsWith('"') === true;

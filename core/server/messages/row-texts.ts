// Encoded rows of the history of channels in which nothing has changed since: a message that nobody mutated reads the same for
// as long as it is retained, so a page anywhere is put together from texts that other pages have left. Bounded by characters; the
// channel that was not asked for longest loses its rows first.

interface ChannelRows {
  readonly streamId: string;
  /** By serial, in the order in which they were added. */
  readonly texts: Map<number, string>;
}

const DEFAULT_MAX_CHARS = 16 * 1024 * 1024;
/** What a row costs besides its text. */
const OVERHEAD = 64;

export class RowTexts {
  /** The longest unused first. */
  readonly #channels = new Map<string, ChannelRows>();
  readonly #maxChars: number;
  #chars = 0;

  /** @param maxChars of all rows together */
  constructor(maxChars: number = DEFAULT_MAX_CHARS) {
    this.#maxChars = maxChars;
  }

  /** Texts kept of a channel, by serial. None of another stream of it. */
  of(channel: string, streamId: string): ReadonlyMap<number, string> {
    const known = this.#channels.get(channel);
    if (known === undefined) return NONE;
    this.#channels.delete(channel);
    if (known.streamId === streamId) {
      this.#channels.set(channel, known);
      return known.texts;
    }
    for (const text of known.texts.values()) this.#chars -= sizeOf(text);
    return NONE;
  }

  /** Keeps rows that are not kept yet. */
  add(channel: string, streamId: string, rows: ReadonlyMap<number, string>): void {
    this.of(channel, streamId);
    const texts = this.#channels.get(channel)?.texts ?? new Map<number, string>();
    this.#channels.set(channel, { streamId, texts });
    for (const [serial, text] of rows) {
      if (texts.has(serial)) continue;
      texts.set(serial, text);
      this.#chars += sizeOf(text);
    }
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const [channel, { texts }] of this.#channels) {
      for (const [serial, text] of texts) {
        if (this.#chars <= this.#maxChars) return;
        texts.delete(serial);
        this.#chars -= sizeOf(text);
      }
      this.#channels.delete(channel);
    }
  }
}

const NONE: ReadonlyMap<number, string> = new Map();

const sizeOf = (text: string): number => text.length + OVERHEAD;

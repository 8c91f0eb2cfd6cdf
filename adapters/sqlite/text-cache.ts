// Whole texts of messages that grow, kept while they are asked for: a version's text is that of one not long before with some
// fragments more, so that each of many appends can be shown whole without reading the message from its beginning.
import { ClockCache, type Clocked } from './clock-cache.ts';
import type { Participant } from './group-commit.ts';

/** The text of a message as of a version. */
export interface KnownText {
  /** Serial of the entry whose whole data the fragments follow. */
  readonly baseSerial: number;
  readonly serial: number;
  /** JSON text. */
  readonly text: string;
}

interface Kept extends Clocked {
  readonly known: KnownText;
}

const MAX_LENGTH = 16 * 1024 * 1024;
/** Longer ones are read each time. */
const MAX_TEXT_LENGTH = 2 * 1024 * 1024;
/** What a short text costs besides. */
const OVERHEAD = 200;

export class TextCache implements Participant {
  readonly #texts = new ClockCache<Kept>();
  #length = 0;

  /** The newest known text of a message that lies on the way to a version; null: there is none. */
  find(
    channelId: number,
    historySerial: number,
    version: { readonly baseSerial: number; readonly serial: number },
  ): KnownText | null {
    const known = this.#texts.get(textKey(channelId, historySerial))?.known;
    const isOnTheWay = known?.baseSerial === version.baseSerial && known.serial <= version.serial;
    return isOnTheWay ? known : null;
  }

  set(channelId: number, historySerial: number, known: KnownText): void {
    const key = textKey(channelId, historySerial);
    const before = this.#texts.get(key);
    if (before !== undefined) this.#length -= sizeOf(before);
    if (known.text.length > MAX_TEXT_LENGTH) {
      this.#texts.delete(key);
      return;
    }
    const kept = { known, isUsed: before !== undefined };
    this.#texts.set(key, kept);
    this.#length += sizeOf(kept);
    while (this.#length > MAX_LENGTH) {
      // Twice round the clock finds one, whatever was used.
      const gone = this.#texts.forgetOne(2 * this.#texts.size);
      if (gone === undefined) return;
      this.#length -= sizeOf(gone);
    }
  }

  beforeCommit(): void {}

  committed(): void {}

  synced(): void {}

  /** Some may be of versions that are no more. */
  rolledBack(): void {
    this.#texts.clear();
    this.#length = 0;
  }
}

function textKey(channelId: number, historySerial: number): string {
  return `${channelId}:${historySerial}`;
}

function sizeOf({ known }: Kept): number {
  return known.text.length + OVERHEAD;
}

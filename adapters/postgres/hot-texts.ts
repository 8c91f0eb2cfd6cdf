// The texts of the messages that changed last, as the database has them. What follows one base is never changed and only grows,
// so a text held here is never wrong, only behind: the pieces that another node added are read and joined to it.
import type { MessageText } from './message-text.ts';

export interface HotText {
  readonly baseSerial: number;
  readonly text: MessageText;
}

export class HotTexts {
  /** The longest unused first. */
  readonly #texts = new Map<string, HotText>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(logId: number, historySerial: number): HotText | null {
    const key = `${logId}:${historySerial}`;
    const hot = this.#texts.get(key);
    if (hot === undefined) return null;
    this.#texts.delete(key);
    this.#texts.set(key, hot);
    return hot;
  }

  /** Only of what is committed. */
  remember(logId: number, historySerial: number, hot: HotText): void {
    const key = `${logId}:${historySerial}`;
    const known = this.#texts.get(key);
    if (known !== undefined && known.text.serial >= hot.text.serial) return;
    if (known !== undefined) this.#delete(key, known);
    this.#texts.set(key, hot);
    this.#bytes += sizeOf(hot);
    for (const [oldest, text] of this.#texts) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#delete(oldest, text);
    }
  }

  #delete(key: string, hot: HotText): void {
    this.#texts.delete(key);
    this.#bytes -= sizeOf(hot);
  }
}

/** The text, and about what the objects around it take. */
function sizeOf({ text }: HotText): number {
  return 200 + (text.open?.length ?? 0);
}

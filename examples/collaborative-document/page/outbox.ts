// What was written and is not stored yet: one entry a paragraph, kept over a reload of this window (of no other, which would send it
// late and over newer text), sent one after the other, and again until the server has it. Each entry has an operation id, so that what is sent twice is stored once.
import { CallFailed } from './backend.ts';

const STORAGE_KEY = 'collaborative-document-outbox';
/** While somebody types, a version is made this often. */
const PAUSE_MS = 300;
const RETRY_MS = 1500;

export interface Draft {
  readonly serial: string;
  readonly text: string;
  readonly opId: string;
}

export interface OutboxOptions {
  readonly send: (draft: Draft) => Promise<void>;
  /** Something was added, stored or refused. */
  readonly onChange: () => void;
  /** Saying it again would not help. */
  readonly onRefused: (draft: Draft, error: unknown) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #drafts = new Map<string, Draft>(read().map((draft) => [draft.serial, draft]));
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSending = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    if (this.#drafts.size > 0) this.#schedule(0);
  }

  get size(): number {
    return this.#drafts.size;
  }

  /** The text that waits for this paragraph. */
  textOf(serial: string): string | undefined {
    return this.#drafts.get(serial)?.text;
  }

  put(serial: string, text: string): void {
    this.#drafts.set(serial, { serial, text, opId: crypto.randomUUID() });
    this.#changed();
    this.#schedule(PAUSE_MS);
  }

  drop(serial: string): void {
    if (this.#drafts.delete(serial)) this.#changed();
  }

  /** There is a connection again. */
  hurry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, delayMs);
  }

  async #flush(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    const isDone = await this.#sendAll();
    this.#isSending = false;
    if (this.#drafts.size > 0) this.#schedule(isDone ? PAUSE_MS : RETRY_MS);
  }

  /** False when the rest has to wait. */
  async #sendAll(): Promise<boolean> {
    for (const draft of [...this.#drafts.values()]) {
      try {
        await this.#options.send(draft);
      } catch (error) {
        if (!(error instanceof CallFailed) || error.isPassing) return false;
        this.#options.onRefused(draft, error);
      }
      // Written on meanwhile: that is another draft.
      if (this.#drafts.get(draft.serial) === draft) this.#drafts.delete(draft.serial);
      this.#changed();
    }
    return true;
  }

  #changed(): void {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify([...this.#drafts.values()]));
    this.#options.onChange();
  }
}

function read(): Draft[] {
  const text = sessionStorage.getItem(STORAGE_KEY);
  // CAST: only the outbox writes this key.
  return text === null ? [] : (JSON.parse(text) as Draft[]);
}

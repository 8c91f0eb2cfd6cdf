// Encoded pages of history for as long as nothing has changed in their channel: everybody who opens a channel asks for the same
// first page. Every change of what a page could show moves the channel's head or what is retained, so those two tell whether a
// page is still true. Bounded by characters; the longest unused pages go first.
import type { StreamState } from '../ports/channel-log.ts';

interface CachedPage {
  readonly stateText: string;
  readonly text: string;
}

export interface PageCacheLimits {
  /** Of all pages together. */
  readonly maxChars: number;
  /** Larger pages are not kept. */
  readonly maxPageChars: number;
}

const DEFAULT_LIMITS: PageCacheLimits = { maxChars: 16 * 1024 * 1024, maxPageChars: 512 * 1024 };

export class PageCache {
  /** The longest unused first. */
  readonly #pages = new Map<string, CachedPage>();
  readonly #limits: PageCacheLimits;
  #chars = 0;

  constructor(limits: PageCacheLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** The text kept for a request, or null when there is none or the channel has changed since. */
  get(request: string, state: StreamState): string | null {
    const page = this.#pages.get(request);
    if (page === undefined) return null;
    this.#remove(request, page);
    if (page.stateText !== textOf(state)) return null;
    this.#add(request, page);
    return page.text;
  }

  /** `state`: what was read before the page; the page must show nothing newer. */
  set(request: string, state: StreamState, text: string): void {
    if (request.length + text.length > this.#limits.maxPageChars) return;
    const known = this.#pages.get(request);
    if (known !== undefined) this.#remove(request, known);
    this.#add(request, { stateText: textOf(state), text });
    for (const [oldest, page] of this.#pages) {
      if (this.#chars <= this.#limits.maxChars) break;
      this.#remove(oldest, page);
    }
  }

  #add(request: string, page: CachedPage): void {
    this.#pages.set(request, page);
    this.#chars += request.length + page.text.length;
  }

  #remove(request: string, page: CachedPage): void {
    this.#pages.delete(request);
    this.#chars -= request.length + page.text.length;
  }
}

const textOf = ({ head, oldestSerial, messages, bytes }: StreamState): string =>
  `${head.streamId} ${head.serial} ${oldestSerial} ${messages} ${bytes}`;

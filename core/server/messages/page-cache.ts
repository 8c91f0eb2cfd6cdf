// Encoded pages of history for as long as nothing has changed in their channel: everybody who opens a channel asks for the same
// first page. Every change of what a page could show moves the channel's head or what is retained, so those two tell whether a
// page is still true. Bounded by length; the longest unused pages go first.
import type { StreamState } from '../ports/channel-log.ts';

interface CachedPage<Body> {
  readonly stateText: string;
  readonly body: Body;
}

export interface PageCacheLimits {
  /** Of all pages together: bytes of Buffers, characters of texts. */
  readonly maxLength: number;
  /** Larger pages are not kept. */
  readonly maxPageLength: number;
}

const DEFAULT_LIMITS: PageCacheLimits = { maxLength: 16 * 1024 * 1024, maxPageLength: 512 * 1024 };

export class PageCache<Body extends string | Buffer> {
  /** The longest unused first. */
  readonly #pages = new Map<string, CachedPage<Body>>();
  readonly #limits: PageCacheLimits;
  #length = 0;

  constructor(limits: PageCacheLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** The body kept for a request, or null when there is none or the channel has changed since. */
  get(request: string, state: StreamState): Body | null {
    const page = this.#pages.get(request);
    if (page === undefined) return null;
    this.#remove(request, page);
    if (page.stateText !== textOf(state)) return null;
    this.#add(request, page);
    return page.body;
  }

  /** `state`: what was read before the page; the page must show nothing newer. */
  set(request: string, state: StreamState, body: Body): void {
    if (request.length + body.length > this.#limits.maxPageLength) return;
    const known = this.#pages.get(request);
    if (known !== undefined) this.#remove(request, known);
    this.#add(request, { stateText: textOf(state), body });
    for (const [oldest, page] of this.#pages) {
      if (this.#length <= this.#limits.maxLength) break;
      this.#remove(oldest, page);
    }
  }

  #add(request: string, page: CachedPage<Body>): void {
    this.#pages.set(request, page);
    this.#length += request.length + page.body.length;
  }

  #remove(request: string, page: CachedPage<Body>): void {
    this.#pages.delete(request);
    this.#length -= request.length + page.body.length;
  }
}

const textOf = ({ head, oldestSerial, messages, bytes }: StreamState): string =>
  `${head.streamId} ${head.serial} ${oldestSerial} ${messages} ${bytes}`;

// How often a request was tried, for faults that only its first tries meet. Bounded: the requests longest ago are forgotten.
import { createHash } from 'node:crypto';

const MAX_REQUESTS = 1000;

export class Tries {
  readonly #counts = new Map<string, number>();

  /** Whether this try of the request is to fail. After `times` of them one passes, and the count begins again. */
  fails(request: string, times: number): boolean {
    if (times === Infinity) return true;
    const key = createHash('sha256').update(request).digest('base64');
    const count = this.#counts.get(key) ?? 0;
    this.#counts.delete(key);
    if (count >= times) return false;
    this.#counts.set(key, count + 1);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MAX_REQUESTS && oldest !== undefined) this.#counts.delete(oldest);
    return true;
  }
}

// Keys in their order, in chunks, so that an insertion among very many moves only a few. Pure.
import { compareKeys } from '../ports/keyed-store-rules.ts';

const CHUNK_KEYS = 512;

export class SortedKeys {
  /** None is empty; each has its keys in order, all before those of the next. */
  readonly #chunks: string[][] = [];

  /** Does nothing when the key is there. */
  add(key: string): void {
    const place = Math.min(this.#chunkOf(key), this.#chunks.length - 1);
    const chunk = this.#chunks[place];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      return;
    }
    const index = firstFrom(chunk, key);
    if (chunk[index] === key) return;
    chunk.splice(index, 0, key);
    if (chunk.length > CHUNK_KEYS) this.#chunks.splice(place + 1, 0, chunk.splice(CHUNK_KEYS / 2));
  }

  delete(key: string): void {
    const place = this.#chunkOf(key);
    const chunk = this.#chunks[place];
    if (chunk === undefined) return;
    const index = firstFrom(chunk, key);
    if (chunk[index] !== key) return;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(place, 1);
  }

  /** From the first key that is not before `start`. Must be read to its end, or given up, before the next change. */
  *from(start: string): Generator<string> {
    const place = this.#chunkOf(start);
    for (let next = place; next < this.#chunks.length; next += 1) {
      const chunk = this.#chunks[next] ?? [];
      const first = next === place ? firstFrom(chunk, start) : 0;
      for (let index = first; index < chunk.length; index += 1) yield chunk[index] ?? '';
    }
  }

  clear(): void {
    this.#chunks.length = 0;
  }

  /** First chunk whose last key is not before this one. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#chunks[middle]?.at(-1) ?? '';
      if (compareKeys(last, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** First index whose key is not before this one. */
function firstFrom(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

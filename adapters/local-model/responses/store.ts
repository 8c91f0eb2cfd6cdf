// The responses that can still be asked for, in memory. Bounded: the oldest that are over make room for new ones.
import type { StoredResponse } from './response.ts';

export const MAX_RESPONSES = 500;
/** Of all of them, by `size`. */
export const MAX_SIZE = 128 * 1024 * 1024;

export class ResponseStore {
  readonly #responses = new Map<string, StoredResponse>();
  #size = 0;

  add(response: StoredResponse): void {
    this.#responses.set(response.id, response);
    this.#size += response.size;
    for (const old of this.#responses.values()) {
      if (this.#responses.size <= MAX_RESPONSES && this.#size <= MAX_SIZE) return;
      if (old.isOver) this.delete(old.id);
    }
  }

  get(id: string): StoredResponse | undefined {
    return this.#responses.get(id);
  }

  delete(id: string): void {
    this.#size -= this.#responses.get(id)?.size ?? 0;
    this.#responses.delete(id);
  }

  /** Everything that is under way ends. */
  close(): void {
    for (const response of this.#responses.values()) response.cancel();
  }
}

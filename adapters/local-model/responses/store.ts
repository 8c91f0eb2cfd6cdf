// The responses that can still be asked for, in memory. Bounded: the oldest that are over make room for new ones.
import type { StoredResponse } from './response.ts';

export const MAX_RESPONSES = 500;

export class ResponseStore {
  readonly #responses = new Map<string, StoredResponse>();

  add(response: StoredResponse): void {
    this.#responses.set(response.id, response);
    for (const old of this.#responses.values()) {
      if (this.#responses.size <= MAX_RESPONSES) return;
      if (old.isOver) this.#responses.delete(old.id);
    }
  }

  get(id: string): StoredResponse | undefined {
    return this.#responses.get(id);
  }

  delete(id: string): boolean {
    return this.#responses.delete(id);
  }

  /** Everything that is under way ends. */
  close(): void {
    for (const response of this.#responses.values()) response.cancel();
  }
}

// Publishes events one batch after the other, so that they arrive in the order in which they were made. While the server is
// away they wait, the oldest give way; each has its own idempotency key, so that trying again never doubles one.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type BatchEvent, type Sockudo, SockudoRequestError } from 'sockudo';

/** What the server takes in one request. */
const BATCH = 10;
const MAX_WAITING = 500;
const RETRY_MS = 1000;

export class PublishQueue {
  readonly #sockudo: Pick<Sockudo, 'triggerBatch'>;
  readonly #onError: (error: unknown) => void;
  readonly #closing = new AbortController();
  #waiting: BatchEvent[] = [];
  #isSending = false;

  constructor(sockudo: Pick<Sockudo, 'triggerBatch'>, onError: (error: unknown) => void) {
    this.#sockudo = sockudo;
    this.#onError = onError;
  }

  add(event: Pick<BatchEvent, 'channel' | 'name' | 'data'>): void {
    this.#waiting.push({ ...event, idempotency_key: randomUUID() });
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    if (!this.#isSending) void this.#send();
  }

  close(): void {
    this.#closing.abort();
  }

  async #send(): Promise<void> {
    const { signal } = this.#closing;
    this.#isSending = true;
    while (this.#waiting.length > 0 && !signal.aborted) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        await this.#sockudo.triggerBatch(batch);
      } catch (error) {
        if (signal.aborted) break;
        this.#onError(error);
        if (isRefusal(error)) continue;
        this.#waiting = [...batch, ...this.#waiting].slice(-MAX_WAITING);
        // An aborted pause rejects; the loop's condition ends it.
        await pause(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
    this.#isSending = false;
  }
}

/** The server has looked at the batch and will not take it later either. */
function isRefusal(error: unknown): boolean {
  const status = error instanceof SockudoRequestError ? error.status : undefined;
  return status !== undefined && status >= 400 && status < 500 && status !== 429;
}

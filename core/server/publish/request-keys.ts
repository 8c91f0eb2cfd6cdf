// Idempotency keys of whole requests (http.md section 3.4): the first request with a key publishes, later ones get its answer.
// The receipt is stored with the messages; what is kept here is only who is publishing right now, so a request that fails
// or dies frees its key (divergence D54).
import { httpError } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { ChannelLogs } from './channel-logs.ts';

/** How long a repeated request waits for the first one before it is told to come back. */
const WAIT_MS = 300;

export const requestKeyScope = (app: App): string => `request:${app.id}`;
/** Keys of whole batches live in a space of their own. */
export const batchKeyScope = (app: App): string => `batch:${app.id}`;

export class RequestKeys {
  readonly #logs: ChannelLogs;
  /** Bounded by the requests being served. */
  readonly #inProgress = new Map<string, Promise<string | null>>();

  constructor(logs: ChannelLogs) {
    this.#logs = logs;
  }

  /** The stored answer of a finished key, or null. */
  async answer(app: App, scope: string, key: string): Promise<string | null> {
    const receipt = await this.#logs.receiptsOf(app).receipt(scope, key);
    return receipt?.answer ?? null;
  }

  isInProgress(scope: string, key: string): boolean {
    return this.#inProgress.has(id(scope, key));
  }

  /**
   * Runs `publish` unless the key is done, then answers what the first request was answered.
   * @throws ProtocolError 503 `backpressure` with Retry-After while another request with the key is still being served
   */
  async once(app: App, scope: string, key: string, publish: () => Promise<string>): Promise<string> {
    for (;;) {
      const other = this.#inProgress.get(id(scope, key));
      if (other === undefined) break;
      const answer = await settledWithin(other, WAIT_MS);
      if (answer !== null) return answer;
    }
    const running = this.#run(app, scope, key, publish);
    const settled = running.catch(() => null);
    this.#inProgress.set(id(scope, key), settled);
    try {
      return await running;
    } finally {
      this.#inProgress.delete(id(scope, key));
    }
  }

  /** Marks the keys of a batch's items as in progress while it is published. */
  async during<Result>(
    scope: string,
    keys: readonly string[],
    publish: () => Promise<Result>,
  ): Promise<Result> {
    if (keys.some((key) => this.isInProgress(scope, key))) throw inProgressError();
    const running = publish();
    const settled = running.then(
      () => null,
      () => null,
    );
    for (const key of keys) this.#inProgress.set(id(scope, key), settled);
    try {
      return await running;
    } finally {
      for (const key of keys) this.#inProgress.delete(id(scope, key));
    }
  }

  async #run(app: App, scope: string, key: string, publish: () => Promise<string>): Promise<string> {
    return (await this.answer(app, scope, key)) ?? publish();
  }
}

const id = (scope: string, key: string): string => `${scope}\n${key}`;

const inProgressError = () =>
  httpError('backpressure', 'idempotent publish is still in progress', { retryAfterSeconds: 1 });

/** The answer; null: the other request ended without one, or it was a batch. */
async function settledWithin(other: Promise<string | null>, waitMs: number): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(inProgressError()), waitMs);
  });
  try {
    return await Promise.race([other, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

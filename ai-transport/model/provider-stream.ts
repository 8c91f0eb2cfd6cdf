/**
 * What adapters of providers have in common: a request that is repeated while nothing of its answer has come, silence that is noticed,
 * and an end that is an error or none. Must not know: any provider.
 */
import { ModelError } from './errors.ts';
import type { ModelEvent } from './events.ts';

export interface ProviderOptions {
  /** Further tries while nothing has come: after 429, 5xx, a lost connection. 0 to 10, default 2. */
  readonly retries?: number | undefined;
  /** Silence after which the stream is given up, milliseconds. 0: never. Default 60000. */
  readonly stallTimeoutMs?: number | undefined;
  /** Lets go of the provider; the events then end with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What one try says, event by event. */
export interface Translator<ProviderEvent> {
  /** @throws ModelError where the event reports one */
  next(event: ProviderEvent): Iterable<ModelEvent>;
  /** The stream has ended by itself. @throws ModelError where it should not have */
  end(): Iterable<ModelEvent>;
  /** The answer is whole: what breaks afterwards is of no matter. */
  readonly isComplete: boolean;
}

export interface ProviderCall<ProviderEvent> {
  /** Asks the provider; once for each try. Repeats nothing by itself. */
  open(signal: AbortSignal): Promise<AsyncIterable<ProviderEvent>>;
  translator(): Translator<ProviderEvent>;
  toError(error: unknown): ModelError;
}

/** A provider that wants to be asked later than this is not waited for here. */
const WAIT_MAX_MS = 60_000;

/**
 * The events of one call. `return()` lets go of the provider at once, also while a read is pending.
 * @throws TypeError for wrong options; while it is read ModelError, or what `signal` was aborted with
 */
export function providerStream<ProviderEvent>(
  call: ProviderCall<ProviderEvent>,
  { retries = 2, stallTimeoutMs = 60_000, signal: given }: ProviderOptions = {},
): AsyncIterableIterator<ModelEvent, void, undefined> {
  requireWhole('retries', retries, 10);
  requireWhole('stallTimeoutMs', stallTimeoutMs, 3_600_000);
  const left = new AbortController();
  const signal = given === undefined ? left.signal : AbortSignal.any([given, left.signal]);
  const events = attempts(call, { retries, stallTimeoutMs, signal });
  return {
    next: () => events.next(),
    return() {
      left.abort(new ModelError('connection', 'The stream was let go'));
      return events.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

interface Settings {
  readonly retries: number;
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal;
}

async function* attempts<ProviderEvent>(
  call: ProviderCall<ProviderEvent>,
  { retries, stallTimeoutMs, signal }: Settings,
): AsyncGenerator<ModelEvent, void, undefined> {
  for (let failures = 0; ; failures += 1) {
    signal.throwIfAborted();
    const attempt = new Attempt(call, stallTimeoutMs, signal);
    try {
      yield* attempt.events();
      return;
    } catch (error) {
      signal.throwIfAborted();
      const failure = error instanceof ModelError ? error : call.toError(error);
      const waitMs = failure.retryAfterMs ?? backoffMs(failures);
      if (attempt.hasBegun || !failure.isRetryable || failures >= retries || waitMs > WAIT_MAX_MS)
        throw failure;
      await wait(waitMs, signal);
    } finally {
      attempt.release();
    }
  }
}

class Attempt<ProviderEvent> {
  /** Something has been told of it. */
  hasBegun = false;
  readonly #call: ProviderCall<ProviderEvent>;
  readonly #stallTimeoutMs: number;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #stop = (): void => this.#abort.abort(this.#signal.reason);

  constructor(call: ProviderCall<ProviderEvent>, stallTimeoutMs: number, signal: AbortSignal) {
    this.#call = call;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#signal = signal;
    signal.addEventListener('abort', this.#stop);
  }

  async *events(): AsyncGenerator<ModelEvent, void, undefined> {
    const translator = this.#call.translator();
    const source = await this.#heard(this.#call.open(this.#abort.signal));
    const iterator = source[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#heard(iterator.next()).catch((error: unknown) => {
        if (translator.isComplete && !this.#abort.signal.aborted) return null;
        throw error;
      });
      if (next === null) return;
      for (const event of next.done === true ? translator.end() : translator.next(next.value)) {
        this.hasBegun = true;
        yield event;
      }
      if (next.done === true) return;
    }
  }

  /** The connection is closed, whether or not all was read. */
  release(): void {
    this.#signal.removeEventListener('abort', this.#stop);
    this.#abort.abort(new ModelError('connection', 'The stream was let go'));
  }

  /** What comes in time. A promise that is left alone may fail later. */
  async #heard<Value>(promise: Promise<Value>): Promise<Value> {
    promise.catch(() => {});
    const { signal } = this.#abort;
    const cut = Promise.withResolvers<never>();
    const stop = (): void => cut.reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    const ms = this.#stallTimeoutMs;
    const stalled = (): void => this.#abort.abort(new ModelError('stalled', `Nothing came for ${ms} ms`));
    const timer = ms === 0 ? undefined : setTimeout(stalled, ms);
    try {
      return await Promise.race([promise, cut.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }
}

function requireWhole(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new TypeError(`${name} must be a whole number from 0 to ${max}`);
}

/** Half of it by chance, so that many do not come back together. */
const backoffMs = (failures: number): number =>
  Math.min(500 * 2 ** failures, 8_000) * (0.5 + Math.random() / 2);

/** @throws the signal's reason */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

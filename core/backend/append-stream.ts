// Many appends to one message as a stream that a model's answer can be piped into. It keeps what is not acknowledged, opens
// requests as they are needed, and after a failure goes on where the last acknowledgement was: the op_ids stay the same, so
// that nothing is stored twice. docs/streaming-appends.md.
import { randomBytes } from 'node:crypto';
import { type AppendAck, requestAppends } from './append-request.ts';
import { AppendWindow } from './append-window.ts';
import type { Configuration } from './configuration.ts';
import { SockudoRequestError } from './errors.ts';
import { type RetryClock, retryDelayMs, SYSTEM_CLOCK } from './retry.ts';
import type { AppRequest } from './transport.ts';

/** A fragment with what else the append may say. */
export interface AppendFragment {
  readonly data: string;
  /** Replaces the message's extras. With them `data` may be empty where they end the stream of an answer. */
  readonly extras?: Readonly<Record<string, unknown>> | undefined;
}

export interface AppendStreamOptions {
  /**
   * Beginning of the op_ids, 1 to 48 characters; `-0`, `-1` and so on follow. Default: random. A producer that starts over with
   * the same prefix and the same fragments repeats nothing.
   */
  readonly opIdPrefix?: string | undefined;
  /** Appends that may wait for their acknowledgement, default 256. A write waits when they are that many. */
  readonly maxUnacked?: number | undefined;
  /** Requests in a row that bring no acknowledgement until the stream fails, default 10. */
  readonly maxAttempts?: number | undefined;
  /** Sent with every fragment: the claim on a run under which a worker appends. */
  readonly fence?: string | undefined;
}

const MAX_UNACKED_LENGTH = 1024 * 1024;
const DEFAULT_MAX_UNACKED = 256;
const DEFAULT_MAX_ATTEMPTS = 10;
const MAX_PREFIX_BYTES = 48;

/**
 * A `WritableStream` of text. A write resolves when there is room for the next; `close()` resolves when everything is
 * acknowledged; `abort()` gives up what is not. The stream fails with a SockudoRequestError when the server refuses an append or
 * can't be reached any more.
 */
export class AppendStream extends WritableStream<string | AppendFragment> {
  readonly #producer: Producer;

  constructor(
    config: Configuration,
    route: AppRequest,
    options: AppendStreamOptions = {},
    clock = SYSTEM_CLOCK,
  ) {
    const producer = new Producer(config, route, options, clock);
    super({
      start: (controller) => producer.start((error) => controller.error(error)),
      write: (fragment) => producer.write(fragment),
      close: () => producer.close(),
      abort: (reason) => producer.abort(reason),
    });
    this.#producer = producer;
  }

  /** The last append that the server has acknowledged; everything before it is stored too. Null: none yet. */
  get acked(): AppendAck | null {
    return this.#producer.acked;
  }
}

class Producer {
  readonly #config: Configuration;
  readonly #route: AppRequest;
  readonly #clock: RetryClock;
  readonly #prefix: string;
  readonly #fence: string | undefined;
  readonly #maxAttempts: number;
  readonly #window: AppendWindow;
  readonly #aborted = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #count = 0;
  acked: AppendAck | null = null;

  constructor(config: Configuration, route: AppRequest, options: AppendStreamOptions, clock: RetryClock) {
    this.#config = config;
    this.#route = route;
    this.#clock = clock;
    this.#prefix = prefixOf(options.opIdPrefix ?? randomBytes(9).toString('base64url'));
    this.#fence = options.fence;
    this.#maxAttempts = positive(options.maxAttempts ?? DEFAULT_MAX_ATTEMPTS, 'maxAttempts');
    this.#window = new AppendWindow({
      maxAppends: positive(options.maxUnacked ?? DEFAULT_MAX_UNACKED, 'maxUnacked'),
      maxLength: MAX_UNACKED_LENGTH,
    });
  }

  start(fail: (error: unknown) => void): void {
    this.#running = this.#run();
    // A failure between two writes has to reach the stream too.
    this.#running.catch(fail);
  }

  async write(fragment: string | AppendFragment): Promise<void> {
    const { data, extras } = typeof fragment === 'string' ? { data: fragment, extras: undefined } : fragment;
    if (typeof data !== 'string')
      throw new TypeError('A fragment is a string, or an object with a string as data');
    // Models send empty fragments; the server takes none that say nothing.
    if (data === '' && extras === undefined) return;
    const opId = `${this.#prefix}-${this.#count}`;
    this.#count += 1;
    this.#window.add({
      opId,
      line: `${JSON.stringify({ op_id: opId, data, extras, fence: this.#fence })}\n`,
    });
    while (this.#window.isFull) await Promise.race([this.#window.changed(), this.#running]);
  }

  async close(): Promise<void> {
    this.#window.close();
    await this.#running;
  }

  async abort(reason: unknown): Promise<void> {
    this.#aborted.abort(reason);
    this.#window.close();
    await this.#running.catch(() => {});
  }

  /** Resolves when the stream is closed and everything is acknowledged. */
  async #run(): Promise<void> {
    let attempt = 1;
    while (await this.#hasMore()) {
      const before = this.#window.firstNumber;
      const error = await this.#request();
      if (this.#window.firstNumber > before) attempt = 1;
      if (error === null) continue;
      const rules = { maxAttempts: this.#maxAttempts, isIdempotent: true };
      const delayMs = this.#aborted.signal.aborted
        ? null
        : retryDelayMs(error, attempt, rules, this.#clock.random);
      if (delayMs === null) throw error;
      attempt += 1;
      await this.#clock.wait(delayMs);
    }
  }

  /** Waits until there is something to send; false: there never will be. */
  async #hasMore(): Promise<boolean> {
    while (this.#window.isEmpty && !this.#window.isClosed) await this.#window.changed();
    return !this.#window.isEmpty && !this.#aborted.signal.aborted;
  }

  /** Null: it ended well, with everything acknowledged or with nothing to complain of. */
  async #request(): Promise<unknown> {
    const { signal } = this.#aborted;
    try {
      await requestAppends({
        config: this.#config,
        route: this.#route,
        window: this.#window,
        onAck: (ack) => this.#acknowledge(ack),
        signal,
      });
    } catch (error) {
      return error;
    }
    if (this.#window.isEmpty) return null;
    return new SockudoRequestError('The answer ended before all was acknowledged', {
      url: this.#route.path,
      isRetryable: true,
    });
  }

  #acknowledge(ack: AppendAck): void {
    if (!this.#window.acknowledge(ack.opId)) {
      const text = `The server acknowledged '${ack.opId}' out of turn`;
      throw new SockudoRequestError(text, { url: this.#route.path, isRetryable: false });
    }
    this.acked = ack;
  }
}

function prefixOf(prefix: string): string {
  if (prefix === '' || Buffer.byteLength(prefix) > MAX_PREFIX_BYTES) {
    throw new TypeError(`opIdPrefix must have 1 to ${MAX_PREFIX_BYTES} bytes`);
  }
  return prefix;
}

function positive(value: number, name: string): number {
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`${name} must be a whole number from 1 on`);
  return value;
}

// One request to a provider and its answer, over connections that are kept and never lead to where they must not (guarded
// agent). What an answer means is the provider's business. No text that is given out names an address: they carry tokens.
import { BlockedAddress, createGuardedAgent } from '@sockudo/server/plugins';
import type { SendResult } from '../contracts.ts';
import type { ProviderSettings } from './settings.ts';

/** Bytes of an answer that are read; a longer one costs its connection and is judged by what was read. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** To one origin at once. Each is a socket where the service speaks HTTP/1.1 only. */
const MAX_CONNECTIONS = 128;

export interface Question {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  /** One header, by its name in lower case; of several the first. */
  header(name: string): string | undefined;
  readonly text: string;
}

/** No answer: the network failed, or the address must not be reached. `reason` is a code, never text of the address. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** Repeating it is of no use: the address is none, or forbidden. */
  readonly isFinal: boolean;
  readonly reason: string;

  constructor(reason: string, isFinal: boolean) {
    super(`no answer: ${reason}`);
    this.reason = reason;
    this.isFinal = isFinal;
  }
}

export class Exchange {
  readonly #agent: ReturnType<typeof createGuardedAgent>;
  readonly #allowsPlain: boolean;
  readonly #timeoutMs: number;

  constructor({
    allowPrivateNetworks,
    connectTimeoutMs = 5_000,
    requestTimeoutMs = 10_000,
  }: ProviderSettings) {
    this.#allowsPlain = allowPrivateNetworks;
    this.#timeoutMs = requestTimeoutMs;
    this.#agent = createGuardedAgent({
      allowPrivateNetworks,
      connectTimeoutMs,
      http2: true,
      maxConnections: MAX_CONNECTIONS,
    });
  }

  /** POST. Redirects are answers like others. Rejects with NoAnswer, or with the signal's reason. */
  async post({ url, headers, body }: Question, signal: AbortSignal): Promise<Answer> {
    const target = URL.parse(url);
    if (target === null || !this.#isAllowed(target)) throw new NoAnswer('address not allowed', true);
    try {
      return await this.#ask(target, { headers, body }, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw failureOf(error);
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** By the agent's lowest interface: a stream for each answer, which hardly ever has a body, would cost as much as the rest. */
  #ask(target: URL, { headers, body }: Omit<Question, 'url'>, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#agent.dispatch(
        {
          origin: target.origin,
          path: target.pathname + target.search,
          method: 'POST',
          headers,
          body,
          headersTimeout: this.#timeoutMs,
          bodyTimeout: this.#timeoutMs,
        },
        new AnswerReader(signal, resolve, reject),
      );
    });
  }

  /** Push services are asked over TLS only, and no name or password of an address is sent along. */
  #isAllowed({ protocol, username, password }: URL): boolean {
    if (username !== '' || password !== '') return false;
    return protocol === 'https:' || (protocol === 'http:' && this.#allowsPlain);
  }
}

/** What a failure of the network comes to; what is thrown by a closing server is thrown on. */
export function noAnswerResult(error: unknown): SendResult {
  if (!(error instanceof NoAnswer)) throw error;
  const { reason, isFinal } = error;
  // The device stays: an address that is refused is no word of its provider (divergence D78).
  return isFinal
    ? { kind: 'rejected', failureClass: 'unknown', reason }
    : { kind: 'retry', failureClass: 'network_transport', reason };
}

function failureOf(error: unknown): NoAnswer {
  if (error instanceof NoAnswer) return error;
  if (error instanceof AggregateError) return failureOf(error.errors[0]);
  if (error instanceof BlockedAddress) return new NoAnswer('address not allowed', true);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'network failure';
  return new NoAnswer(code, code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_URL');
}

interface Controller {
  abort(reason: Error): void;
}

type Fields = Readonly<Record<string, string | string[] | undefined>>;

/** Hears of one request from the agent. */
class AnswerReader {
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  #stop: (() => void) | null = null;
  #status = 0;
  #fields: Fields = {};
  #chunks: Uint8Array[] | null = null;
  #bytes = 0;

  constructor(signal: AbortSignal, resolve: (answer: Answer) => void, reject: (error: unknown) => void) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(controller: Controller): void {
    const stop = (): void => controller.abort(new Error('aborted'));
    this.#stop = stop;
    if (this.#signal.aborted) stop();
    else this.#signal.addEventListener('abort', stop, { once: true });
  }

  onResponseStart(_controller: Controller, status: number, fields: Fields): void {
    this.#status = status;
    this.#fields = fields;
  }

  onResponseData(controller: Controller, chunk: Uint8Array): void {
    this.#chunks ??= [];
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_ANSWER_BYTES) return;
    this.#end();
    controller.abort(new Error('the answer is too long'));
  }

  onResponseEnd(): void {
    this.#end();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#leave();
    this.#reject(error);
  }

  #end(): void {
    this.#leave();
    const fields = this.#fields;
    const start = this.#chunks === null ? null : Buffer.concat(this.#chunks).subarray(0, MAX_ANSWER_BYTES);
    const text = start?.toString() ?? '';
    this.#resolve({ status: this.#status, text, header: (name) => first(fields[name]) });
  }

  #leave(): void {
    if (this.#stop !== null) this.#signal.removeEventListener('abort', this.#stop);
  }
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

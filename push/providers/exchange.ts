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
      const response = await this.#agent.request({
        origin: target.origin,
        path: target.pathname + target.search,
        method: 'POST',
        headers,
        body,
        signal,
        headersTimeout: this.#timeoutMs,
        bodyTimeout: this.#timeoutMs,
      });
      const text = await readStart(response.body);
      return { status: response.statusCode, text, header: (name) => first(response.headers[name]) };
    } catch (error) {
      signal.throwIfAborted();
      throw failureOf(error);
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
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

type Body = AsyncIterable<Uint8Array> & { destroy(): unknown };

async function readStart(body: Body): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) break;
  }
  return chunks.length === 0 ? '' : Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString();
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

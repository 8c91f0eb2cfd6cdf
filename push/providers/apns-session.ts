// One HTTP/2 connection to APNs, kept and replaced as it ends. Many pushes share it as streams; the service says how many.
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  constants,
  type SecureClientSessionOptions,
} from 'node:http2';
import { guardLookup, isBlockedLiteral, resolveAll } from '@sockudo/server/plugins';
import { type Answer, NoAnswer } from './exchange.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** A reason and a time stamp: more is none of APNs'. */
const MAX_ANSWER_BYTES = 16 * 1024;
/** Idle connections are closed; Apple asks to keep them, and a busy server does. */
const IDLE_MS = 10 * 60 * 1000;

/** How a client shows who it is on the connection itself; none where it does so by a token. */
export interface ClientCertificate {
  /** PKCS #12, DER. */
  readonly pfx?: Buffer;
  readonly passphrase?: string;
  /** PEM. */
  readonly cert?: string;
  readonly key?: string;
}

export interface ApnsConnectionOptions {
  readonly origin: string;
  readonly allowPrivateNetworks: boolean;
  readonly certificate?: ClientCertificate;
  readonly requestTimeoutMs?: number;
}

export interface ApnsRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class ApnsConnection {
  readonly #options: ApnsConnectionOptions;
  #session: ClientHttp2Session | null = null;

  constructor(options: ApnsConnectionOptions) {
    this.#options = options;
  }

  /** Rejects with NoAnswer, or with the signal's reason. */
  post(request: ApnsRequest, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        reject(signal.aborted ? signal.reason : noAnswer(error));
      };
      try {
        ask(
          this.#open(),
          request,
          { signal, timeoutMs: this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS },
          resolve,
          fail,
        );
      } catch (error) {
        fail(error);
      }
    });
  }

  close(): void {
    this.#session?.destroy();
    this.#session = null;
  }

  /** @throws NoAnswer for an address that must not be reached */
  #open(): ClientHttp2Session {
    if (this.#session !== null) return this.#session;
    const session = openSession(this.#options);
    this.#session = session;
    // After a GOAWAY the streams under way end on the old connection and the next push opens another.
    const forget = (): void => {
      if (this.#session === session) this.#session = null;
    };
    for (const event of ['goaway', 'close', 'error'] as const) session.on(event, forget);
    session.setTimeout(IDLE_MS, () => session.close());
    return session;
  }
}

function openSession({
  origin,
  allowPrivateNetworks,
  certificate = {},
}: ApnsConnectionOptions): ClientHttp2Session {
  const { protocol, hostname } = new URL(origin);
  if (!allowPrivateNetworks && (protocol !== 'https:' || isBlockedLiteral(hostname))) {
    throw new NoAnswer('address not allowed', true);
  }
  const options: SecureClientSessionOptions = {
    ...certificate,
    ...(!allowPrivateNetworks && { lookup: guardLookup(resolveAll) }),
  };
  const session = connectHttp2(origin, options);
  const timer = setTimeout(() => session.destroy(new NoAnswer('connect timeout', false)), CONNECT_TIMEOUT_MS);
  session.once('connect', () => clearTimeout(timer));
  session.once('close', () => clearTimeout(timer));
  // Each stream hears of it too; without a listener it would end the process.
  session.on('error', () => {});
  return session;
}

function ask(
  session: ClientHttp2Session,
  { path, headers, body }: ApnsRequest,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
  resolve: (answer: Answer) => void,
  fail: (error: unknown) => void,
): void {
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers }, { signal });
  let status = 0;
  let text = '';
  let fields: Record<string, unknown> = {};
  stream.setTimeout(timeoutMs, () => stream.destroy(new NoAnswer('no answer in time', false)));
  stream.setEncoding('utf8');
  stream.on('response', (answerHeaders) => {
    fields = answerHeaders;
    status = Number(answerHeaders[':status']);
  });
  stream.on('data', (chunk: string) => {
    if (text.length < MAX_ANSWER_BYTES) text += chunk;
  });
  stream.on('error', fail);
  stream.on('close', () => {
    // A stream that was refused or cut off ends without an answer.
    if (status === 0 || stream.rstCode !== constants.NGHTTP2_NO_ERROR)
      fail(new NoAnswer('stream closed', false));
    else resolve({ status, text, header: (name) => textOf(fields[name]) });
  });
  stream.end(body);
}

function noAnswer(error: unknown): NoAnswer {
  if (error instanceof NoAnswer) return error;
  // BlockedAddress of the guarded lookup.
  if (error instanceof Error && error.name === 'BlockedAddress')
    return new NoAnswer('address not allowed', true);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'network failure';
  return new NoAnswer(code, false);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

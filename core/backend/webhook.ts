// A received webhook: checks who sent it before it lets anything be read. Knows nothing of HTTP frameworks; it takes the
// headers in whatever form they come and the body as it was on the wire.
import { WebHookError } from './errors.ts';
import { Token } from './token.ts';

/** A webhook request as the application received it. */
export interface WebHookRequest {
  /** Node's or a framework's header object, or a fetch `Headers`; names in any case. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body before any parsing: the signature covers its bytes. */
  readonly rawBody: string | Uint8Array;
}

/** Key and secret of a further app whose webhooks are accepted. */
export interface TokenLike {
  readonly key: string;
  readonly secret: string;
}

/** One event; which members beyond `name` and `channel` are there depends on the name. */
export interface WebHookEvent {
  readonly name: string;
  readonly channel: string;
  /** `client_event`. */
  readonly event?: string;
  readonly data?: string | null;
  readonly socket_id?: string;
  /** `member_*`, and `client_event` on presence channels. */
  readonly user_id?: string;
  readonly user_info?: unknown;
  readonly subscription_count?: number;
  readonly [member: string]: unknown;
}

/** Body of a webhook. */
export interface WebHookData {
  /** When the first of the events happened, in milliseconds since the epoch. */
  readonly time_ms: number;
  readonly events: readonly WebHookEvent[];
}

/**
 * Check `isValid()` first. The getters throw `WebHookError` unless the signature is that of the instance's own app, or
 * `isValid(tokens)` has found it to be that of another: unverified content can't be read by accident.
 */
export class WebHook {
  readonly key: string | undefined;
  readonly signature: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
  readonly #rawBody: string | Uint8Array;
  readonly #token: Token;
  readonly #data: WebHookData | null;
  #isVerified = false;

  constructor(token: Token, request: WebHookRequest) {
    if (typeof request.rawBody !== 'string' && !(request.rawBody instanceof Uint8Array)) {
      throw new TypeError('rawBody must be the body as received, before a framework parses it');
    }
    this.#token = token;
    this.#rawBody = request.rawBody;
    this.key = headerOf(request.headers, 'x-pusher-key');
    this.signature = headerOf(request.headers, 'x-pusher-signature');
    this.contentType = headerOf(request.headers, 'content-type');
    this.body =
      typeof request.rawBody === 'string' ? request.rawBody : new TextDecoder().decode(request.rawBody);
    this.#data = this.isContentTypeValid() ? parseData(this.body) : null;
  }

  /** True when the body is valid and signed by this app or by one of the given. */
  isValid(extraTokens: Token | TokenLike | readonly (Token | TokenLike)[] = []): boolean {
    if (!this.isBodyValid()) return false;
    const tokens = [this.#token, ...(isList(extraTokens) ? extraTokens : [extraTokens])];
    const isSigned = tokens.some((token) =>
      this.#isSignedBy(token instanceof Token ? token : new Token(token.key, token.secret)),
    );
    this.#isVerified ||= isSigned;
    return isSigned;
  }

  /** True for `application/json`, with or without parameters. */
  isContentTypeValid(): boolean {
    return this.contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
  }

  /** True when the body is JSON of the form `{time_ms, events}`; says nothing of who sent it. */
  isBodyValid(): boolean {
    return this.#data !== null;
  }

  getData(): WebHookData {
    if (this.#data === null) throw this.#error('Invalid WebHook body');
    if (!this.#isVerified && !this.isValid()) throw this.#error('Invalid WebHook signature');
    return this.#data;
  }

  getEvents(): readonly WebHookEvent[] {
    return this.getData().events;
  }

  getTime(): Date {
    return new Date(this.getData().time_ms);
  }

  #isSignedBy(token: Token): boolean {
    return this.key === token.key && token.verify(this.#rawBody, this.signature);
  }

  #error(message: string): WebHookError {
    return new WebHookError(message, this.contentType, this.body, this.signature);
  }
}

function isList(tokens: unknown): tokens is readonly (Token | TokenLike)[] {
  return Array.isArray(tokens);
}

function headerOf(headers: WebHookRequest['headers'], name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const own = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  // Two values are ambiguous: joined as HTTP would, they match no key and no signature.
  return typeof own === 'string' || own === undefined ? own : own.join(', ');
}

function parseData(body: string): WebHookData | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    // Not JSON: the caller asks isBodyValid().
    return null;
  }
  return isWebHookData(parsed) ? parsed : null;
}

function isWebHookData(value: unknown): value is WebHookData {
  if (typeof value !== 'object' || value === null || !('time_ms' in value) || !('events' in value))
    return false;
  return (
    typeof value.time_ms === 'number' && Array.isArray(value.events) && value.events.every(isWebHookEvent)
  );
}

function isWebHookEvent(value: unknown): value is WebHookEvent {
  if (typeof value !== 'object' || value === null || !('name' in value)) return false;
  return typeof value.name === 'string' && 'channel' in value && typeof value.channel === 'string';
}

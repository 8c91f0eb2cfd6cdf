/**
 * One WebSocket from its opening to its end: handshake, decoding, activity checks. A link is used once; after `close` or after its
 * `ended` hook it says nothing more. Must not know: retries, public states, channels.
 * Sources: Pusher protocol ("connection", "ping and pong"); divergence D87 (errors in either prefix).
 */
import { isJsonObject, member, stringMember } from '@sockudo/protocol';
import type { ConnectionError, ProtocolErrorData } from './errors.ts';
import type { EventNames } from './event-names.ts';
import { decodeFrame, encodeFrame, type Frame, FrameError } from './frame.ts';
import type { Runtime, TimerHandle, WebSocketConstructor, WebSocketLike } from './runtime.ts';
import { numberOf } from './values.ts';

/** Longest the opening and the first frame may take, milliseconds. */
export const HANDSHAKE_TIMEOUT_MS = 15_000;
/** Longest an answer to the ping of a wake-up is waited for, milliseconds: somebody is looking at the page. */
export const WAKE_PONG_TIMEOUT_MS = 10_000;

/** How a link ended. `code` is the close code, the code of an error frame in the handshake, or 1006 when nobody named one. */
export interface LinkEnd {
  readonly code: number;
  readonly reason: string;
  /** What the connection's error handlers are told; absent for a clean close (1000, 1001). */
  readonly error?: ConnectionError;
  /** True when the other side stopped answering: reconnect without waiting. */
  readonly isSilent: boolean;
}

export interface LinkHooks {
  /** The handshake succeeded. */
  established(socketId: string): void;
  /** Every later frame, in order; error, ping and pong frames too. */
  frame(frame: Frame): void;
  /** A frame could not be read. The link goes on. */
  error(error: ConnectionError): void;
  /** The link is over. Called at most once, never after `close`. */
  ended(end: LinkEnd): void;
}

export interface LinkOptions {
  readonly url: string;
  readonly WebSocket: WebSocketConstructor;
  readonly names: EventNames;
  readonly runtime: Runtime;
  /** The client's own limit; the server's announcement may lower it. */
  readonly activityTimeoutMs: number;
  readonly pongTimeoutMs: number;
}

export class SocketLink {
  readonly #options: LinkOptions;
  readonly #hooks: LinkHooks;
  readonly #socket: WebSocketLike;
  /** One timer at a time: handshake, then activity or pong. */
  #timer: TimerHandle;
  #activityTimeoutMs: number;
  #lastFrameAtMs = 0;
  #frameCount = 0;
  /** When the answer to the open ping is due; undefined without an open ping. */
  #pongDueAtMs: number | undefined;
  #isEstablished = false;
  #isOver = false;

  /** @throws whatever the WebSocket constructor throws for a URL it refuses */
  constructor(options: LinkOptions, hooks: LinkHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#activityTimeoutMs = options.activityTimeoutMs;
    this.#socket = new options.WebSocket(options.url);
    this.#socket.onmessage = ({ data }: { data: unknown }) => this.#received(data);
    this.#socket.onclose = ({ code, reason }: { code: number; reason: string }) =>
      this.#end(closedEnd(code, reason));
    // The event says nothing; a close always follows. Without a handler the npm package `ws` would throw.
    this.#socket.onerror = () => {};
    this.#setTimer(HANDSHAKE_TIMEOUT_MS, () => this.#abandon('Handshake timed out', false));
  }

  /** Sends text; false when the handshake is not done or the link is over. */
  send(text: string): boolean {
    if (!this.#isEstablished || this.#isOver) return false;
    this.#socket.send(text);
    return true;
  }

  /** Pings at once; without any frame within the time allowed the link ends as silent. */
  probe(): void {
    if (this.#isEstablished) this.#ping(Math.min(this.#options.pongTimeoutMs, WAKE_PONG_TIMEOUT_MS));
  }

  /** Ends the link without a word to its hooks. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.runtime.clearTimer(this.#timer);
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close(1000);
  }

  #received(data: unknown): void {
    if (this.#isOver) return;
    this.#lastFrameAtMs = this.#options.runtime.now();
    this.#frameCount += 1;
    let frame: Frame;
    try {
      if (typeof data !== 'string') throw new FrameError('Binary frame on a JSON connection', '');
      frame = decodeFrame(data, this.#options.names);
    } catch (error) {
      this.#hooks.error({ type: 'MessageParseError', error });
      return;
    }
    if (this.#isEstablished) this.#frame(frame);
    else this.#handshake(frame);
  }

  #handshake(frame: Frame): void {
    const { names } = this.#options;
    if (frame.event === names.platform('error')) {
      const data = protocolErrorData(frame.data);
      // A code that names no policy still ends this attempt; 1006 means an ordinary loss.
      this.#finish({
        code: data.code ?? 1006,
        reason: data.message,
        error: closeError(data),
        isSilent: false,
      });
      return;
    }
    const socketId = isJsonObject(frame.data) ? stringMember(frame.data, 'socket_id') : undefined;
    if (frame.event !== names.platform('connection_established') || socketId === undefined) {
      this.#abandon('Invalid handshake', false);
      return;
    }
    const announced = isJsonObject(frame.data) ? numberOf(member(frame.data, 'activity_timeout')) : undefined;
    if (announced !== undefined && announced > 0) {
      this.#activityTimeoutMs = Math.min(this.#activityTimeoutMs, announced * 1000);
    }
    this.#isEstablished = true;
    this.#watchActivity(this.#activityTimeoutMs);
    this.#hooks.established(socketId);
  }

  #frame(frame: Frame): void {
    const { names } = this.#options;
    if (frame.event === names.platform('ping')) this.send(encodeFrame(names.platform('pong'), {}));
    this.#hooks.frame(frame);
  }

  /** After `delayMs`: ping if nothing came meanwhile, else wait for the rest. No timer is touched per frame. */
  #watchActivity(delayMs: number): void {
    this.#pongDueAtMs = undefined;
    this.#setTimer(delayMs, () => {
      const restMs = this.#restOfActivityMs();
      if (restMs > 0) this.#watchActivity(restMs);
      else this.#ping(this.#options.pongTimeoutMs);
    });
  }

  #restOfActivityMs(): number {
    return this.#activityTimeoutMs - (this.#options.runtime.now() - this.#lastFrameAtMs);
  }

  /** Any frame counts as the answer. A second ping never puts off the deadline of the first. */
  #ping(timeoutMs: number): void {
    this.send(encodeFrame(this.#options.names.platform('ping'), {}));
    const dueAtMs = this.#options.runtime.now() + timeoutMs;
    if (this.#pongDueAtMs !== undefined && this.#pongDueAtMs <= dueAtMs) return;
    this.#pongDueAtMs = dueAtMs;
    const countAtPing = this.#frameCount;
    this.#setTimer(timeoutMs, () => {
      if (this.#frameCount === countAtPing) this.#abandon('Pong not received in time', true);
      else this.#watchActivity(Math.max(0, this.#restOfActivityMs()));
    });
  }

  /** Ends the link from this side; the socket may never get round to closing. */
  #abandon(message: string, isSilent: boolean): void {
    const data = { code: null, message };
    const type = isSilent ? 'WebSocketError' : 'HandshakeError';
    this.#finish({ code: 1006, reason: message, error: { type, data, error: message }, isSilent });
  }

  #finish(end: LinkEnd): void {
    if (this.#isOver) return;
    this.close();
    this.#hooks.ended(end);
  }

  #end(end: LinkEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.runtime.clearTimer(this.#timer);
    this.#hooks.ended(end);
  }

  #setTimer(delayMs: number, callback: () => void): void {
    this.#options.runtime.clearTimer(this.#timer);
    this.#timer = this.#options.runtime.setTimer(callback, delayMs);
  }
}

/** Code and text of an error frame's data, whatever its shape. */
export function protocolErrorData(data: unknown): ProtocolErrorData {
  if (!isJsonObject(data)) return { code: null, message: typeof data === 'string' ? data : '' };
  return { code: numberOf(member(data, 'code')) ?? null, message: stringMember(data, 'message') ?? '' };
}

const closeError = (data: ProtocolErrorData): ConnectionError => ({
  type: 'WebSocketError',
  data,
  error: { type: 'PusherError', data },
});

function closedEnd(code: number, reason: string): LinkEnd {
  const isClean = code === 1000 || code === 1001;
  return { code, reason, isSilent: false, ...(!isClean && { error: closeError({ code, message: reason }) }) };
}

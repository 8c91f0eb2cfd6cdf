// A connection that subscribes to channels and hands on every frame: the client side of the protocol, as small as a command
// line tool needs it. It does not reconnect.
import { channelKind, channelSignatureInput, tryParseJson } from '@sockudo/protocol';
import { WebSocket } from 'ws';
import { authOf, reasonOf } from './signed-request.ts';
import type { Target } from './target.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const PONG_TIMEOUT_MS = 30_000;
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

export interface FeedFrame {
  /** As received. */
  readonly text: string;
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  /** True for frames of the protocol itself, false for events somebody published. */
  readonly isProtocol: boolean;
}

/** `left`: we closed it. `failed`: it could not be opened, or a subscription was refused. */
export interface FeedEnd {
  readonly kind: 'left' | 'closed' | 'failed';
  readonly code: number;
  readonly reason: string;
}

export interface FeedOptions {
  readonly target: Target;
  readonly channels: readonly string[];
  readonly protocol: 1 | 2;
  /** Who to be on presence channels. */
  readonly member: { readonly user_id: string; readonly user_info: unknown };
  readonly onFrame: (frame: FeedFrame) => void;
}

export interface Feed {
  readonly end: Promise<FeedEnd>;
  close(): void;
}

function socketUrl(target: Target, protocol: 1 | 2): URL {
  const url = new URL(`${target.url}/app/${encodeURIComponent(target.key)}`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = new URLSearchParams({
    protocol: protocol === 1 ? '7' : '2',
    client: 'sockudo-cli',
    version: '1',
  }).toString();
  return url;
}

function readFrame(text: string): FeedFrame | null {
  const value = tryParseJson(text);
  if (typeof value !== 'object' || value === null || !('event' in value) || typeof value.event !== 'string')
    return null;
  return {
    text,
    event: value.event,
    isProtocol: /^(pusher|sockudo)(_internal)?:/.test(value.event),
    ...('channel' in value && typeof value.channel === 'string' ? { channel: value.channel } : {}),
    ...('data' in value ? { data: value.data } : {}),
  };
}

/** The members of a frame's `data`, whether it is an object or its text. */
function dataOf(frame: FeedFrame): Record<string, unknown> {
  const value: unknown = typeof frame.data === 'string' ? tryParseJson(frame.data) : frame.data;
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function subscription(options: FeedOptions, channel: string, socketId: string): Record<string, string> {
  const kind = channelKind(channel);
  if (!kind.needsAuth) return { channel };
  if (!kind.isPresence)
    return { channel, auth: authOf(options.target, channelSignatureInput(socketId, channel)) };
  const member = JSON.stringify(options.member);
  const auth = authOf(options.target, channelSignatureInput(socketId, channel, member));
  return { channel, auth, channel_data: member };
}

class Connection implements Feed {
  readonly end: Promise<FeedEnd>;
  readonly #options: FeedOptions;
  readonly #socket: WebSocket;
  readonly #waiting: Set<string>;
  readonly #prefix: string;
  #settle: (end: FeedEnd) => void = () => {};
  #timer: NodeJS.Timeout;
  #silenceMs = CONNECT_TIMEOUT_MS;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#waiting = new Set(options.channels);
    this.#prefix = options.protocol === 1 ? 'pusher' : 'sockudo';
    this.end = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#socket = new WebSocket(socketUrl(options.target, options.protocol), {
      maxPayload: MAX_FRAME_BYTES,
    });
    this.#timer = setTimeout(() => this.#fail(`no answer from ${options.target.url}`), CONNECT_TIMEOUT_MS);
    this.#socket.on('message', (data, isBinary) => this.#onMessage(String(data), isBinary));
    this.#socket.on('ping', () => this.#heard());
    this.#socket.on('close', (code, reason) =>
      this.#finish({ kind: 'closed', code, reason: String(reason) }),
    );
    this.#socket.on('error', (error) =>
      this.#fail(`Cannot connect to ${options.target.url}: ${reasonOf(error)}`),
    );
  }

  close(): void {
    this.#finish({ kind: 'left', code: 1000, reason: '' });
  }

  #finish(end: FeedEnd): void {
    clearTimeout(this.#timer);
    this.#settle(end);
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(1000);
    else if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate();
  }

  #fail(reason: string): void {
    this.#finish({ kind: 'failed', code: 0, reason });
  }

  #send(event: string, data: unknown): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ event: `${this.#prefix}:${event}`, data }));
  }

  /** After silence the server is asked for a sign of life; without one the connection is given up. */
  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#send('ping', {});
      this.#timer = setTimeout(() => this.#fail('The server does not answer any more.'), PONG_TIMEOUT_MS);
    }, this.#silenceMs);
  }

  #onMessage(text: string, isBinary: boolean): void {
    this.#heard();
    const frame = isBinary ? null : readFrame(text);
    if (frame === null) {
      this.#fail('The server sent something that is not a frame.');
      return;
    }
    const name = frame.isProtocol ? frame.event.slice(frame.event.indexOf(':') + 1) : '';
    if (name === 'ping') this.#send('pong', {});
    if (name === 'ping' || name === 'pong') return;
    this.#options.onFrame(frame);
    this.#follow(name, frame);
  }

  #follow(name: string, frame: FeedFrame): void {
    if (name === 'connection_established') this.#subscribe(dataOf(frame));
    else if (name === 'subscription_succeeded') this.#waiting.delete(frame.channel ?? '');
    else if (name === 'error' && this.#waiting.size > 0) this.#refused(dataOf(frame));
  }

  #subscribe({ socket_id: socketId, activity_timeout: seconds }: Record<string, unknown>): void {
    if (typeof seconds === 'number' && seconds > 0) this.#silenceMs = seconds * 1000;
    this.#heard();
    for (const channel of this.#options.channels) {
      this.#send('subscribe', subscription(this.#options, channel, String(socketId)));
    }
  }

  /** Before every channel is subscribed an error means that one of them never will be. */
  #refused({ code, message }: Record<string, unknown>): void {
    this.#fail(`The server refused: ${String(code)} ${String(message)}`);
  }
}

/** Connects, subscribes and reports frames until the connection ends. */
export function openFeed(options: FeedOptions): Feed {
  return new Connection(options);
}

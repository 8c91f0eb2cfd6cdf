/**
 * Server-Sent Events in the shape of a WebSocket, for networks that let none through: subscribes become the query of a GET,
 * what they bring comes as its events. Must not know: retries, when it is used (event-source-fallback.ts).
 * Source: docs/server-sent-events.md.
 *
 * A change of subscriptions opens a new request, from where the old one was; the server fills the gap between them.
 */
import { isJsonObject, type JsonObject, member, stringMember, tryParseJson } from '@sockudo/protocol';
import { EventPositions } from './event-source-positions.ts';
import { type ReadEvent, readEvents } from './event-source-reader.ts';
import type { Runtime, TimerHandle, WebSocketConstructor, WebSocketLike } from './runtime.ts';

/** Subscribes that come within this time share a request, milliseconds. */
const GATHER_MS = 20;
/** The server sends a sign of life every 15 seconds; longer silence than this means that nobody is there. */
const SILENCE_MS = 40_000;

type Handler = ((event: never) => void) | null;

/** What the client hears for frames that need a WebSocket. */
const REFUSED_CODE = 4301;

/** The class to use in place of `WebSocket`. */
export function eventSocketClass(runtime: Runtime): WebSocketConstructor {
  return class extends EventSocket {
    constructor(url: string) {
      super(url, runtime);
    }
  };
}

export class EventSocket implements WebSocketLike {
  onmessage: Handler = null;
  onerror: Handler = null;
  onclose: Handler = null;

  readonly #runtime: Runtime;
  readonly #url: string;
  readonly #positions = new EventPositions();
  /** Data of the subscribes that hold, by channel. */
  readonly #subscriptions = new Map<string, JsonObject>();
  readonly #acknowledged = new Set<string>();
  readonly #credentials = new URLSearchParams();
  #request: AbortController | undefined;
  #gathering: TimerHandle;
  #isGathering = false;
  #lastBytesAtMs: number;
  #isOver = false;

  /** @param url that of the WebSocket */
  constructor(url: string, runtime: Runtime) {
    this.#runtime = runtime;
    const { protocol, host, pathname, searchParams } = new URL(url);
    this.#url = `${protocol === 'wss:' ? 'https:' : 'http:'}//${host}${pathname}/events`;
    const token = searchParams.get('token');
    if (token !== null) this.#credentials.set('token', token);
    this.#lastBytesAtMs = runtime.now();
    this.#establish().catch((error: unknown) => this.#end(1006, String(error)));
  }

  /** Takes a frame of protocol 2. */
  send(text: string): void {
    const frame = tryParseJson(text);
    if (this.#isOver || !isJsonObject(frame)) return;
    const data = dataOf(frame);
    const event = stringMember(frame, 'event') ?? '';
    switch (event) {
      case 'sockudo:subscribe':
        this.#subscribe(data);
        return;
      case 'sockudo:unsubscribe':
        this.#unsubscribe(stringMember(data, 'channel') ?? '');
        return;
      case 'sockudo:resume':
        this.#resume(data);
        return;
      case 'sockudo:ping':
        if (this.#isAlive) this.#deliver({ event: 'sockudo:pong', data: '{}' });
        return;
      case 'sockudo:pong':
      case 'sockudo:enable_delta_compression':
        return;
      default:
        this.#refuse(event);
    }
  }

  close(): void {
    this.#isOver = true;
    this.#runtime.clearTimer(this.#gathering);
    this.#request?.abort();
  }

  /** Without channels there is no request that could fall silent. */
  get #isAlive(): boolean {
    return this.#request === undefined || this.#runtime.now() - this.#lastBytesAtMs < SILENCE_MS;
  }

  /** The socket id is issued before there is a stream, so that channels can be authorised for it. */
  async #establish(): Promise<void> {
    const response = await this.#runtime.fetch(`${this.#url}/ticket`, { method: 'POST' });
    const answer: unknown = response.ok ? await response.json() : undefined;
    const socketId = isJsonObject(answer) ? stringMember(answer, 'socket_id') : undefined;
    const ticket = isJsonObject(answer) ? stringMember(answer, 'ticket') : undefined;
    if (socketId === undefined || ticket === undefined) throw new Error(`no ticket: ${response.status}`);
    this.#credentials.set('socket_id', socketId);
    this.#credentials.set('ticket', ticket);
    this.#deliver({
      event: 'sockudo:connection_established',
      data: JSON.stringify({ socket_id: socketId }),
    });
  }

  #subscribe(data: JsonObject): void {
    const channel = stringMember(data, 'channel') ?? '';
    if (channel.includes('*')) {
      this.#refuse('a pattern', channel);
      return;
    }
    const { rewind, delta: _delta, ...rest } = data;
    if (rewind !== undefined) this.#error("'rewind' needs a WebSocket");
    this.#subscriptions.set(channel, rest);
    this.#acknowledged.delete(channel);
    this.#reopenSoon();
  }

  #unsubscribe(channel: string): void {
    if (!this.#subscriptions.delete(channel)) return;
    this.#acknowledged.delete(channel);
    this.#positions.forget(channel);
    this.#reopenSoon();
  }

  #resume(data: JsonObject): void {
    const positions = member(data, 'channel_positions');
    if (!isJsonObject(positions)) return;
    for (const [channel, position] of Object.entries(positions)) this.#positions.goBack(channel, position);
    // What still came on the request under way would carry the positions forward again, over the gap.
    this.#cut();
    this.#reopenSoon();
  }

  #reopenSoon(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#gathering = this.#runtime.setTimer(() => {
      this.#isGathering = false;
      this.#reopen();
    }, GATHER_MS);
  }

  #cut(): void {
    this.#request?.abort();
    this.#request = undefined;
  }

  #reopen(): void {
    this.#cut();
    if (this.#subscriptions.size === 0) return;
    const request = new AbortController();
    this.#request = request;
    this.#read(request).catch((error: unknown) => {
      if (this.#request === request) this.#end(1006, String(error));
    });
  }

  async #read(request: AbortController): Promise<void> {
    const channels = [...this.#subscriptions.keys()];
    const query = new URLSearchParams(this.#credentials);
    for (const data of this.#subscriptions.values()) query.append('subscribe', JSON.stringify(data));
    const from = this.#positions.idFor(channels);
    if (from !== undefined) query.set('last_event_id', from);
    this.#lastBytesAtMs = this.#runtime.now();
    const response = await this.#runtime.fetch(`${this.#url}?${query}`, { signal: request.signal });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const onBytes = () => {
      this.#lastBytesAtMs = this.#runtime.now();
    };
    for await (const event of readEvents(response.body, onBytes)) {
      if (this.#request !== request) return;
      if (event.event === 'sockudo:close') {
        this.#closed(event);
        return;
      }
      this.#positions.reached(channels, event.id);
      this.#pass(event);
    }
    if (this.#request === request) this.#end(1006, 'The event stream ended');
  }

  /** Every request begins with what the client has heard from the first one. */
  #pass({ event, data }: ReadEvent): void {
    if (event === 'sockudo:connection_established') return;
    const frame = tryParseJson(data);
    const channel = isJsonObject(frame) ? (stringMember(frame, 'channel') ?? '') : '';
    if (event === 'sockudo_internal:subscription_succeeded') {
      if (this.#acknowledged.has(channel)) return;
      this.#acknowledged.add(channel);
    }
    if (event === 'sockudo:subscription_error') this.#subscriptions.delete(channel);
    this.#give(data);
  }

  /** A stream none of whose channels could be had is over; the connection is not. */
  #closed({ data }: ReadEvent): void {
    if (this.#subscriptions.size === 0) {
      this.#request = undefined;
      return;
    }
    const end = tryParseJson(data);
    const code = isJsonObject(end) ? member(end, 'code') : undefined;
    const reason = isJsonObject(end) ? stringMember(end, 'reason') : undefined;
    this.#end(typeof code === 'number' ? code : 1006, reason ?? '');
  }

  #refuse(what: string, channel?: string): void {
    this.#error(`${what} needs a WebSocket; this connection only reads (transport sse)`, channel);
  }

  #error(message: string, channel?: string): void {
    const data = JSON.stringify({ code: REFUSED_CODE, message });
    this.#deliver({ event: 'sockudo:error', data });
    if (channel !== undefined) this.#deliver({ event: 'sockudo:subscription_error', channel, data });
  }

  #deliver(frame: JsonObject): void {
    this.#give(JSON.stringify(frame));
  }

  #give(data: string): void {
    // CAST: handlers take what every WebSocket's own events have.
    if (!this.#isOver) this.onmessage?.({ data } as never);
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.close();
    // CAST: as above.
    this.onclose?.({ code, reason } as never);
  }
}

/** The data of a frame, which may be the text of an object. */
function dataOf(frame: JsonObject): JsonObject {
  const data = member(frame, 'data');
  const value = typeof data === 'string' ? tryParseJson(data) : data;
  return isJsonObject(value) ? value : {};
}

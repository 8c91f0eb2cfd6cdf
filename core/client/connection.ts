/**
 * The connection as users know it (`client.connection`): runs the state machine, owns the current link, the retry and patience
 * timers and the wake triggers, and tells the world what happens. Must not know: channels, users, message contents.
 */
import { isJsonObject, member } from '@sockudo/protocol';
import {
  type ConnectionState,
  type Effect,
  type Input,
  type Phase,
  publicState,
  transition,
  wantsConnection,
} from './connection-state.ts';
import { Emitter } from './emitter.ts';
import type { ConnectionError } from './errors.ts';
import type { EventNames } from './event-names.ts';
import type { Fallback, Transport } from './event-source-fallback.ts';
import { encodeFrame, type Frame } from './frame.ts';
import type { Logger } from './logger.ts';
import { type CloseAction, closeAction, RetryCounter } from './retry.ts';
import type { Runtime, TimerHandle, WebSocketConstructor } from './runtime.ts';
import { type LinkEnd, protocolErrorData, SocketLink } from './socket-link.ts';
import { messageOf } from './values.ts';

/** Events of `connection.bind`. Each state is an event too, sent right after `state_change`. */
export interface ConnectionEvents {
  state_change: { readonly previous: ConnectionState; readonly current: ConnectionState };
  connected: { readonly socket_id: string };
  connecting: undefined;
  unavailable: undefined;
  failed: undefined;
  disconnected: undefined;
  /** Whole seconds until the next attempt. */
  connecting_in: number;
  error: ConnectionError;
  /** The connection uses another transport than the one before; `sse` only reads. */
  transport: { readonly transport: Transport };
  /** Every frame after the handshake, before anything else looks at it. */
  message: Frame;
}

export interface ConnectionOptions {
  readonly names: EventNames;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Undefined: no transport, `connect` ends in `failed`. */
  readonly WebSocket: () => WebSocketConstructor | undefined;
  /** What to use where WebSockets fail; undefined: nothing. */
  readonly fallback?: Fallback | undefined;
  /** Asked before every attempt. A rejection counts as a failed attempt. */
  readonly url: () => string | Promise<string>;
  readonly activityTimeoutMs: number;
  readonly pongTimeoutMs: number;
  readonly unavailableTimeoutMs: number;
  /** May overrule the close-code policy; see capability-token.ts. */
  readonly reviewEnd?: (end: LinkEnd, action: CloseAction) => CloseAction;
}

/** How the client learns of the connection, before any handler of the application does. */
export interface ConnectionHooks {
  connected(): void;
  /** The connection that was there is gone. */
  lost(): void;
  frame(frame: Frame): void;
}

export class Connection extends Emitter<ConnectionEvents> {
  /** Id of the current connection; undefined while there is none. */
  socket_id: string | undefined;
  /** Of the current connection, or of the last one. `sse`: Server-Sent Events, where WebSockets fail; it only reads. */
  transport: Transport = 'ws';

  readonly #options: ConnectionOptions;
  readonly #hooks: ConnectionHooks;
  readonly #retries = new RetryCounter();
  #phase: Phase = 'initialized';
  #link: SocketLink | undefined;
  /** Counts openings; an answer to an older one (a late token) is dropped. */
  #opening = 0;
  #retryTimer: TimerHandle;
  #retryDelayMs = 0;
  #patienceTimer: TimerHandle;
  #stopWatching: (() => void) | undefined;

  constructor(options: ConnectionOptions, hooks: ConnectionHooks) {
    super({ report: options.runtime.report });
    this.#options = options;
    this.#hooks = hooks;
  }

  get state(): ConnectionState {
    return publicState(this.#phase);
  }

  /** Connects, or hurries a retry along. Nothing happens while connected or while an attempt is under way. */
  connect(): void {
    if (this.#options.WebSocket() === undefined) {
      this.#options.logger.error(
        'no WebSocket to use: this runtime has none (pass one as options.WebSocket), or the transport options leave none',
      );
      this.#apply('unsupported');
      return;
    }
    if (!wantsConnection(this.#phase)) this.#retries.reset();
    this.#apply('connect');
  }

  /** Closes the connection and stops retrying. */
  disconnect(): void {
    this.#apply('disconnect');
  }

  /** Sends raw text; false when not connected. */
  send(text: string): boolean {
    return this.#link?.send(text) ?? false;
  }

  /** Sends an event; false when not connected. */
  send_event(event: string, data: unknown, channel?: string): boolean {
    return this.send(encodeFrame(event, data, channel));
  }

  /**
   * The one place where the phase changes: effects first, then the client's hooks, then the application's handlers. A handler
   * may call connect or disconnect; what it overtook is not announced any more.
   */
  #apply(input: Input, socketId?: string): void {
    const before = this.#phase;
    const { phase, effects } = transition(before, input);
    this.#phase = phase;
    if (before === 'connected' && phase !== 'connected') this.#retries.lost(this.#options.runtime.now());
    this.socket_id = phase === 'connected' ? (socketId ?? this.socket_id) : undefined;
    this.#watchWake(wantsConnection(phase));
    for (const effect of effects) {
      this.#run(effect);
      // Opening can fail on the spot; what the failure decided holds.
      if (this.#phase !== phase) return;
    }
    this.#announce(before, phase);
    const retry = effects.find((effect) => effect === 'retry-now' || effect === 'retry-backoff');
    if (retry !== undefined && this.#phase === phase)
      this.emit('connecting_in', Math.round(this.#retryDelayMs / 1000));
  }

  #announce(before: Phase, phase: Phase): void {
    const [previous, current] = [publicState(before), publicState(phase)];
    if (previous === current) return;
    this.#options.logger.debug(`state ${previous} -> ${current}`);
    if (previous === 'connected') this.#hooks.lost();
    if (current === 'connected') this.#hooks.connected();
    if (this.#phase === phase) this.emit('state_change', { previous, current });
    if (this.#phase !== phase) return;
    this.emit(current, current === 'connected' ? { socket_id: this.socket_id } : undefined);
  }

  #run(effect: Effect): void {
    const { runtime, unavailableTimeoutMs } = this.#options;
    switch (effect) {
      case 'open':
        this.#dropLink();
        void this.#open();
        break;
      case 'close':
        this.#dropLink();
        runtime.clearTimer(this.#patienceTimer);
        break;
      case 'retry-now':
      case 'retry-backoff':
        this.#scheduleRetry(effect);
        break;
      case 'start-patience':
        runtime.clearTimer(this.#patienceTimer);
        this.#patienceTimer = runtime.setTimer(() => this.#apply('unavailable-due'), unavailableTimeoutMs);
        break;
      case 'stop-patience':
        runtime.clearTimer(this.#patienceTimer);
        break;
      case 'probe':
        this.#link?.probe();
        break;
    }
  }

  async #open(): Promise<void> {
    const opening = ++this.#opening;
    try {
      const given = this.#options.url();
      const url = typeof given === 'string' ? given : await given;
      if (opening === this.#opening) this.#openLink(url);
    } catch (error) {
      if (opening !== this.#opening) return;
      this.emit('error', { type: 'AuthError', error });
      this.#options.logger.warn(`no token for the connection: ${messageOf(error)}`);
      this.#apply('lost-backoff');
    }
  }

  #openLink(url: string): void {
    const { WebSocket, names, runtime, activityTimeoutMs, pongTimeoutMs } = this.#options;
    const preferred = WebSocket();
    if (preferred === undefined) {
      this.#apply('unsupported');
      return;
    }
    const SocketClass = this.#options.fallback?.pick(preferred) ?? preferred;
    try {
      this.#link = new SocketLink(
        { url, WebSocket: SocketClass, names, runtime, activityTimeoutMs, pongTimeoutMs },
        {
          established: (socketId) => {
            this.#retries.established(runtime.now());
            this.#established(socketId);
          },
          frame: (frame) => this.#frame(frame),
          error: (error) => this.emit('error', error),
          ended: (end) => this.#ended(end),
        },
      );
    } catch (error) {
      // A URL the runtime refuses (malformed, or ws: from an https page) will not get better by trying again.
      this.#options.logger.error(`cannot open the connection: ${messageOf(error)}`);
      this.emit('error', { type: 'WebSocketError', error });
      this.#apply('refused');
    }
  }

  #established(socketId: string): void {
    const { fallback, logger } = this.#options;
    fallback?.established();
    const transport = fallback?.current ?? 'ws';
    const isOther = transport !== this.transport;
    this.transport = transport;
    if (isOther && transport === 'sse') logger.warn('WebSockets fail: reading events over HTTP (sse)');
    if (isOther) this.emit('transport', { transport });
    this.#apply('established', socketId);
  }

  #frame(frame: Frame): void {
    // The refusal of a request is told to whoever asked.
    const isOfRequest = isJsonObject(frame.data) && member(frame.data, 'request_id') !== undefined;
    if (frame.event === this.#options.names.platform('error') && !isOfRequest) {
      const data = protocolErrorData(frame.data);
      this.#options.logger.warn(`server error ${data.code}: ${data.message}`);
      this.emit('error', { type: 'PusherError', data });
    }
    this.emit('message', frame);
    this.#hooks.frame(frame);
  }

  #ended(end: LinkEnd): void {
    this.#link = undefined;
    this.#options.fallback?.ended(this.#options.runtime.isOffline());
    this.#options.logger.debug(`closed with ${end.code} ${end.reason}`);
    const byCode = end.isSilent ? 'lost-retry-now' : closeAction(end.code);
    const action = this.#options.reviewEnd?.(end, byCode) ?? byCode;
    if (end.error !== undefined) this.emit('error', end.error);
    this.#apply(action);
  }

  #scheduleRetry(kind: 'retry-now' | 'retry-backoff'): void {
    const { runtime } = this.#options;
    this.#retryDelayMs = this.#retries.nextDelayMs(kind, runtime.random());
    runtime.clearTimer(this.#retryTimer);
    this.#retryTimer = runtime.setTimer(() => this.#apply('retry-due'), this.#retryDelayMs);
  }

  #dropLink(): void {
    this.#opening += 1;
    this.#options.runtime.clearTimer(this.#retryTimer);
    this.#link?.close();
    this.#link = undefined;
  }

  #watchWake(wanted: boolean): void {
    if (wanted === (this.#stopWatching !== undefined)) return;
    this.#stopWatching?.();
    this.#stopWatching = wanted
      ? this.#options.runtime.watchWake({
          online: () => this.#apply('online'),
          offline: () => this.#apply('offline'),
          wake: () => this.#apply('wake'),
        })
      : undefined;
  }
}

// One open WebSocket or event stream: who it is, what it is subscribed to and how it is written to. It knows nothing of channels beyond its
// own subscriptions and decides nothing; handlers do.
import { randomUUID } from 'node:crypto';
import { type Capabilities, errorFrame } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { AppCounters } from '../metrics/counters.ts';
import type { Carrier } from './carrier.ts';
import type { ConnectionDeltas } from './delta/connection-deltas.ts';
import type { SignInDeadline } from './liveness.ts';
import { type FlushTurn, Outbox, type OutboxBounds, type OutboxSocket } from './outbox.ts';
import type { WaitingPositions } from './recovery/waiting-positions.ts';
import type { Subscription } from './subscription.ts';
import type { TokenSession } from './token-session.ts';
import { pongFrame } from './websocket-frame.ts';
import { type DeliveryClass, type FrameClass, frameClassOf, frameOf } from './wire-format.ts';

/** Identity proven by sign-in (realtime.md section 4.1). */
export interface SignedInUser {
  readonly id: string;
  readonly watchlist: readonly string[];
  /** JSON text of `user_info`. */
  readonly info: string;
}

export interface ConnectionOptions {
  readonly app: App;
  readonly counters: AppCounters;
  readonly socketId: string;
  readonly protocol: 1 | 2;
  readonly deliveryClass: DeliveryClass;
  readonly appendMode: 'delta' | 'full';
  readonly echo: boolean;
  /** Default 0. */
  readonly rollupWindowMs?: number;
  readonly webSocket: Carrier;
  readonly socket: OutboxSocket;
  /** The id that channel signatures are made for; default `socketId`. */
  readonly proofSocketId?: string;
  readonly turn: FlushTurn;
  readonly bounds: OutboxBounds;
}

export class Connection {
  readonly app: App;
  readonly counters: AppCounters;
  readonly socketId: string;
  /** The id that the client was given to have signed: one for all the event streams that it opens after one another. */
  readonly proofSocketId: string;
  readonly protocol: 1 | 2;
  readonly deliveryClass: DeliveryClass;
  /** Which of a message's frames it gets. */
  readonly frameClass: FrameClass;
  /** Whether this connection hears its own client events; never on protocol 1. */
  readonly echo: boolean;
  /** How long appends that follow each other may be held back to be sent together; 0: not at all. */
  readonly rollupWindowMs: number;
  readonly webSocket: Carrier;
  readonly outbox: Outbox;
  readonly subscriptions = new Map<string, Subscription>();
  user: SignedInUser | null = null;
  /** Id from sign-in or token, else from the first presence channel; what `#server-to-user-ID` and mutations go by. */
  userId: string | null = null;
  /** From sign-in or token; null: nothing was said about capabilities. */
  capabilities: Capabilities | null = null;
  /** Null until the connection says something about delta compression. */
  deltas: ConnectionDeltas | null = null;
  /** Time of the last inbound frame, by the deadline wheel's clock. */
  lastInboundMs = 0;
  /** The client sent a Close frame, so its leaving is not held back (realtime.md section 3.6). */
  closedByClient = false;
  /** Code of the Close that this side sent; null: it sent none. */
  closeCode: number | null = null;
  /** Positions that wait for their channel's subscribe; null: there were none yet. */
  waitingPositions: WaitingPositions | null = null;
  /** The capability token that the connection lives by. */
  token: TokenSession | null = null;
  /** Runs until the connection has proved who it is; null: proved, or the app does not ask. */
  signInDeadline: SignInDeadline | null = null;
  clientEventsInWindow = 0;
  clientEventWindowEndsMs = 0;
  messagesInWindow = 0;
  messageWindowEndsMs = 0;
  #closing = false;

  constructor(options: ConnectionOptions) {
    this.app = options.app;
    this.counters = options.counters;
    this.socketId = options.socketId;
    this.proofSocketId = options.proofSocketId ?? options.socketId;
    this.protocol = options.protocol;
    this.deliveryClass = options.deliveryClass;
    this.frameClass = frameClassOf(options.deliveryClass, options.appendMode);
    this.echo = options.echo;
    this.rollupWindowMs = options.rollupWindowMs ?? 0;
    this.webSocket = options.webSocket;
    this.outbox = new Outbox(options.socket, options.turn, options.bounds, () => this.#onSlowReader());
  }

  get isOpen(): boolean {
    return !this.#closing;
  }

  /** Queues one finished frame. */
  push(frame: Buffer): void {
    this.counters.wsMessagesSent += 1;
    this.counters.socketTransmittedBytes += frame.length;
    this.outbox.push(frame);
  }

  /** Queues a frame that only this connection gets, given as protocol JSON text. */
  sendText(text: string): void {
    this.push(frameOf(this.deliveryClass, text));
  }

  /** The id that a protocol 2 frame made for this connection alone carries; protocol 1 has none. */
  messageId(): string | undefined {
    return this.protocol === 2 ? randomUUID() : undefined;
  }

  sendError(code: number, message: string, aiCode?: number): void {
    this.sendText(errorFrame(this.protocol, code, message, aiCode, this.messageId()));
  }

  /**
   * Error frame in the connection's own prefix and format, then Close (divergence D4: one copy of each). Idempotent.
   * `silent`: Close only, where Sockudo sends no error frame.
   */
  close(code: number, reason: string, silent = false): void {
    if (this.#closing) return;
    if (!silent) this.sendError(code, reason);
    this.#closing = true;
    this.closeCode = code;
    this.outbox.flush();
    this.outbox.close();
    this.webSocket.close(code, reason);
  }

  /** It signed in, or was let into a channel that asks who it is: the sign-in deadline no longer runs. */
  proveIdentity(): void {
    this.signInDeadline?.cancel();
    this.signInDeadline = null;
  }

  /** Native Ping; the answer counts as an inbound frame. */
  ping(payload: Buffer): void {
    this.outbox.flush();
    this.webSocket.ping(payload);
  }

  /** Answers a native Ping; counts as no message. */
  pong(payload: Buffer): void {
    this.outbox.push(pongFrame(payload));
  }

  /** The socket is gone. */
  dispose(): void {
    this.#closing = true;
    this.outbox.close();
  }

  #onSlowReader(): void {
    this.counters.connectionErrors.add('slow_reader');
    this.close(4100, 'Outbound buffer full', true);
  }
}

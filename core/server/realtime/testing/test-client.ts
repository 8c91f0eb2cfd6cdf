// For tests: one connection of a realtime context without a network. Frames go in as objects and come out as objects.
import { EventEmitter } from 'node:events';
import { channelSignatureInput, userSignatureInput } from '@sockudo/protocol';
import type { WebSocket } from 'ws';
import { signatureOf } from '../../apps/app-signature.ts';
import { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { disconnect } from '../detach.ts';
import { Inbound } from '../inbound.ts';
import { FlushTurn } from '../outbox.ts';
import { V1_TEXT, V2_TEXT } from '../wire-format.ts';
import { FakeSocket, payloadsOf, turn } from './fake-socket.ts';

export interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly [member: string]: unknown;
}

/** What the connection does to its WebSocket, kept for the test to look at. */
export class FakeWebSocket extends EventEmitter {
  closed: { readonly code: number; readonly reason: string } | null = null;
  readonly pings: Buffer[] = [];
  isPaused = false;

  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }

  ping(payload: Buffer): void {
    this.pings.push(payload);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  terminate(): void {
    this.emit('close', 1006);
  }
}

export interface TestClientOptions {
  readonly protocol?: 1 | 2;
  readonly echo?: boolean;
  readonly appendMode?: 'delta' | 'full';
  readonly rollupWindowMs?: number;
  readonly appId?: string;
}

const turns = new FlushTurn();
let lastSocketId = 0;

export class TestClient {
  readonly connection: Connection;
  readonly webSocket = new FakeWebSocket();
  readonly socket = new FakeSocket();
  readonly #inbound: Inbound;
  readonly #context: RealtimeContext;
  readonly #prefix: string;
  #seen = 0;

  constructor(context: RealtimeContext, options: TestClientOptions = {}) {
    const { protocol = 1, echo = false, appendMode = 'delta', appId, rollupWindowMs } = options;
    const app = context.settings.apps.find(({ id }) => appId === undefined || id === appId);
    if (app === undefined) throw new Error('the context has no such app');
    lastSocketId += 1;
    this.connection = new Connection({
      app,
      counters: context.hub.app(app.id).counters,
      socketId: `${lastSocketId}.1`,
      protocol,
      deliveryClass: protocol === 1 ? V1_TEXT : V2_TEXT,
      appendMode,
      rollupWindowMs: context.hub.rollupWindow(rollupWindowMs),
      echo,
      // CAST: a connection uses these methods of a WebSocket and no others.
      webSocket: this.webSocket as unknown as WebSocket,
      socket: this.socket,
      turn: turns,
      bounds: context.settings.outbox,
    });
    this.#context = context;
    this.#inbound = new Inbound(this.connection, context);
    this.#prefix = protocol === 1 ? 'pusher' : 'sockudo';
    context.hub.add(this.connection);
  }

  get socketId(): string {
    return this.connection.socketId;
  }

  /** A frame as the client sent it: an object, or any text. */
  receive(frame: unknown): void {
    this.#inbound.receive(Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame)));
  }

  /** A platform request of this connection's protocol. */
  request(name: string, data?: unknown): void {
    this.receive({ event: `${this.#prefix}:${name}`, data });
  }

  /** Sends a subscribe, signed where the name asks for it, and answers the frames that it led to. */
  async subscribe(channel: string, options: Record<string, unknown> = {}): Promise<Frame[]> {
    const channelData = options.channel_data;
    const auth = /^(private|presence)-/.test(channel)
      ? { auth: this.sign(channel, typeof channelData === 'string' ? channelData : undefined) }
      : {};
    this.request('subscribe', { channel, ...auth, ...options });
    return this.answers();
  }

  join(channel: string, userId: string, userInfo: unknown = {}): Promise<Frame[]> {
    return this.subscribe(channel, {
      channel_data: JSON.stringify({ user_id: userId, user_info: userInfo }),
    });
  }

  async signIn(id: string, more: Record<string, unknown> = {}): Promise<Frame[]> {
    const { app } = this.connection;
    const userData = JSON.stringify({ id, ...more });
    const auth = `${app.key}:${signatureOf(app, userSignatureInput(this.socketId, userData))}`;
    this.request('signin', { auth, user_data: userData });
    return this.answers();
  }

  sign(channel: string, channelData?: string): string {
    const { app } = this.connection;
    return `${app.key}:${signatureOf(app, channelSignatureInput(this.socketId, channel, channelData))}`;
  }

  /**
   * The frames since the last call, after two turns of the event loop: one for promises of stores in memory, one for what
   * they queued. A test that holds a store back waits for its own events before.
   */
  async answers(): Promise<Frame[]> {
    await turn();
    await turn();
    const frames = this.frames.slice(this.#seen);
    this.#seen += frames.length;
    return frames;
  }

  /** All frames that were written. */
  get frames(): Frame[] {
    // CAST: all frames of the server are objects with an event.
    return payloadsOf(this.socket.writes).map((payload) => JSON.parse(payload.toString('utf8')) as Frame);
  }

  /** The connection is gone: without a Close frame unless `cleanly`. */
  disconnect({ cleanly = false }: { readonly cleanly?: boolean } = {}): void {
    this.connection.closedByClient = cleanly;
    disconnect(this.connection, this.#context);
  }
}

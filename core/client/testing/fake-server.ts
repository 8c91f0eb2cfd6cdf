/**
 * A WebSocket server in this process that does what a test's script says: for timing and errors no real server produces on demand.
 * Listens on 127.0.0.1, port 0. It answers nothing by itself except the handshake (switch off with `isMute`).
 * To extend: give Peer a method for the frame a test needs; keep behaviour of real servers out of here.
 */
import { type WebSocket, WebSocketServer } from 'ws';

/** A frame as the client sent it. */
export interface SentFrame {
  readonly event: string;
  readonly data?: unknown;
  readonly channel?: string;
}

/** The server's end of one connection. */
export class Peer {
  readonly url: URL;
  readonly socketId: string;
  readonly #socket: WebSocket;
  readonly #prefix: string;
  readonly #inbox: SentFrame[] = [];
  readonly #waiting: (() => void)[] = [];
  /** Resolves with the close code the client's side gave. */
  readonly closed: Promise<number>;

  constructor(socket: WebSocket, url: URL, socketId: string) {
    this.#socket = socket;
    this.url = url;
    this.socketId = socketId;
    this.#prefix = url.searchParams.get('protocol') === '2' ? 'sockudo' : 'pusher';
    this.closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('message', (data) => {
      this.#inbox.push(JSON.parse(String(data)));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** The next frame of this event (without prefix for protocol events); frames before it are skipped. */
  async next(event: string): Promise<SentFrame> {
    for (;;) {
      const index = this.#inbox.findIndex(
        (frame) => frame.event === event || frame.event === `${this.#prefix}:${event}`,
      );
      const found = this.#inbox[index];
      if (found !== undefined) {
        this.#inbox.splice(0, index + 1);
        return found;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  send(frame: object | string): void {
    this.#socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  establish(activityTimeout = 120): void {
    this.platform('connection_established', { socket_id: this.socketId, activity_timeout: activityTimeout });
  }

  /** A protocol event in the connection's own prefix, data as JSON text. */
  platform(name: string, data: unknown, more: object = {}): void {
    this.send({ event: `${this.#prefix}:${name}`, data: JSON.stringify(data), ...more });
  }

  /** Waits for the subscribe and acknowledges it. */
  async acknowledge(channel: string, data: unknown = {}, more: object = {}): Promise<SentFrame> {
    const request = await this.next('subscribe');
    this.send({
      event: `${this.#prefix}_internal:subscription_succeeded`,
      channel,
      data: JSON.stringify(data),
      ...more,
    });
    return request;
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason);
  }

  /** Without a close frame. */
  terminate(): void {
    this.#socket.terminate();
  }
}

export interface FakeServerOptions {
  /** True: the server says nothing after the upgrade. */
  readonly isMute?: boolean;
  readonly activityTimeoutSeconds?: number;
}

export class FakeServer {
  readonly port: number;
  readonly #server: WebSocketServer;
  readonly #peers: Peer[] = [];
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  private constructor(server: WebSocketServer, options: FakeServerOptions) {
    this.#server = server;
    const address = server.address();
    if (typeof address === 'string' || address === null) throw new Error('the server has no port');
    this.port = address.port;
    server.on('connection', (socket, request) => {
      const url = new URL(request.url ?? '/', 'ws://127.0.0.1');
      const peer = new Peer(socket, url, `1.${this.#peers.length + 1}`);
      this.#peers.push(peer);
      if (options.isMute !== true) peer.establish(options.activityTimeoutSeconds);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async start(options: FakeServerOptions = {}): Promise<FakeServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise<void>((resolve) => server.once('listening', resolve));
    return new FakeServer(server, options);
  }

  /** The next connection that was not handed out yet. */
  async connection(): Promise<Peer> {
    for (;;) {
      const peer = this.#peers[this.#taken];
      if (peer !== undefined) {
        this.#taken += 1;
        return peer;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async stop(): Promise<void> {
    for (const peer of this.#peers) peer.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

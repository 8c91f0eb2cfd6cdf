// A client that speaks the wire protocol and nothing more: frames as they come, in an inbox.
import { WebSocket } from 'ws';
import { type Credentials, channelAuth, TEST_APP, userAuth } from './credentials.ts';
import { Inbox } from './inbox.ts';

/** A frame as it came; members that a frame may lack are optional. */
export interface WireFrame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly user_id?: string;
  readonly message_id?: string;
  readonly stream_id?: string;
  readonly serial?: number;
  readonly extras?: unknown;
  readonly tags?: unknown;
}

export interface CloseEvent {
  readonly code: number;
  readonly reason: string;
}

export interface WireClientOptions {
  readonly protocol?: 1 | 2;
  readonly app?: Credentials;
  /** Further query parameters. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

export class WireClient {
  readonly webSocket: WebSocket;
  readonly frames = new Inbox<WireFrame>();
  readonly closed: Promise<CloseEvent>;
  readonly #app: Credentials;
  readonly #prefix: string;
  socketId = '';

  constructor({ host, port }: Address, options: WireClientOptions = {}) {
    const { protocol = 1, app = TEST_APP, query, headers = {} } = options;
    this.#app = app;
    this.#prefix = protocol === 1 ? 'pusher' : 'sockudo';
    const parameters = new URLSearchParams({ protocol: protocol === 1 ? '7' : '2', ...query });
    this.webSocket = new WebSocket(`ws://${host}:${port}/app/${app.key}?${parameters}`, { headers });
    this.webSocket.on('message', (bytes: Buffer) => {
      // CAST: every frame of the server is an object with an event; a test that gets another fails on it.
      this.frames.push(JSON.parse(bytes.toString('utf8')) as WireFrame);
    });
    this.closed = new Promise((resolve) => {
      this.webSocket.on('close', (code, reason) => {
        this.frames.end(`the connection was closed with ${code} ${reason}`);
        resolve({ code, reason: reason.toString() });
      });
    });
    // A refused upgrade is seen by the tests through `close`.
    this.webSocket.on('error', () => {});
  }

  /** Connected and established. */
  static async connect(server: Address, options: WireClientOptions = {}): Promise<WireClient> {
    const client = new WireClient(server, options);
    const frame = await client.next('connection_established');
    client.socketId = String(dataOf(frame).socket_id);
    return client;
  }

  /** The next frame of this event; a platform event may be named without its prefix. */
  next(event: string, channel?: string): Promise<WireFrame> {
    const names = [event, `${this.#prefix}:${event}`, `${this.#prefix}_internal:${event}`];
    return this.frames.next(
      (frame) => names.includes(frame.event) && (channel === undefined || frame.channel === channel),
    );
  }

  send(frame: unknown): void {
    this.webSocket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  request(name: string, data: unknown, more: Record<string, unknown> = {}): void {
    this.send({ event: `${this.#prefix}:${name}`, data, ...more });
  }

  /** Sends the subscribe and signs it where the channel's name asks for it; does not wait. */
  askToSubscribe(channel: string, options: Record<string, unknown> = {}): void {
    const channelData = typeof options.channel_data === 'string' ? options.channel_data : undefined;
    const auth = /^(private|presence)-/.test(channel)
      ? { auth: channelAuth(this.#app, this.socketId, channel, channelData) }
      : {};
    this.request('subscribe', { channel, ...auth, ...options });
  }

  async subscribe(channel: string, options: Record<string, unknown> = {}): Promise<WireFrame> {
    this.askToSubscribe(channel, options);
    return this.next('subscription_succeeded', channel);
  }

  /** Joins a presence channel as this user. */
  join(channel: string, userId: string, userInfo: unknown = {}): Promise<WireFrame> {
    return this.subscribe(channel, {
      channel_data: JSON.stringify({ user_id: userId, user_info: userInfo }),
    });
  }

  async signIn(id: string, more: Record<string, unknown> = {}): Promise<WireFrame> {
    const userData = JSON.stringify({ id, ...more });
    this.request('signin', { auth: userAuth(this.#app, this.socketId, userData), user_data: userData });
    return this.next('signin_success');
  }

  /** Resolves when the server has handled all frames sent so far and everything it answered has arrived. */
  async settled(): Promise<void> {
    this.request('ping', {});
    await this.next('pong');
  }

  /** Events that arrived and belong to nobody in particular: without the answers to `settled`. */
  received(event: string): WireFrame[] {
    return this.frames.all.filter((frame) => frame.event === event);
  }

  async close(): Promise<CloseEvent> {
    this.webSocket.close(1000);
    return this.closed;
  }

  /** Cuts the connection without a Close frame. */
  cut(): void {
    this.webSocket.terminate();
  }
}

/** The `data` of a platform frame: an object, or the JSON text of one. */
export function dataOf(frame: WireFrame): Record<string, unknown> {
  const data: unknown = typeof frame.data === 'string' ? JSON.parse(frame.data) : frame.data;
  // CAST: all platform events carry objects.
  return data as Record<string, unknown>;
}

/** Whether the server serves others: a new client connects, subscribes and gets what is published. */
export async function expectServing(
  server: Address & { publish(channel: string, name: string, data?: unknown): Promise<string> },
): Promise<void> {
  const client = await WireClient.connect(server);
  const channel = `still-here-${client.socketId.replace('.', '-')}`;
  await client.subscribe(channel);
  const [frame] = await Promise.all([client.next('round-trip'), server.publish(channel, 'round-trip')]);
  if (frame.channel !== channel) throw new Error('the round trip went to another channel');
  await client.close();
}

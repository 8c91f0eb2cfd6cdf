// A protocol 2 client that negotiated a binary format. A text frame from the server is a failure: it could not read it.
import { type BinaryFormat, decodeBinaryFrame, encodeBinaryFrame } from '@sockudo/protocol';
import { WebSocket } from 'ws';
import { type Credentials, channelAuth, TEST_APP } from './credentials.ts';
import { Inbox } from './inbox.ts';
import type { CloseEvent, WireFrame } from './wire-client.ts';

export class BinaryClient {
  readonly webSocket: WebSocket;
  readonly frames = new Inbox<WireFrame>();
  readonly closed: Promise<CloseEvent>;
  readonly #format: BinaryFormat;
  readonly #app: Credentials;
  socketId = '';

  constructor(server: { host: string; port: number }, format: BinaryFormat, app: Credentials = TEST_APP) {
    this.#format = format;
    this.#app = app;
    const url = `ws://${server.host}:${server.port}/app/${app.key}?protocol=2&format=${format}`;
    this.webSocket = new WebSocket(url);
    this.webSocket.on('message', (bytes: Buffer, isBinary) => {
      if (!isBinary) this.frames.end(`a text frame on a ${format} connection: ${bytes}`);
      // CAST: the server's frames are objects with an event.
      else this.frames.push(decodeBinaryFrame(format, bytes) as unknown as WireFrame);
    });
    this.closed = new Promise((resolve) => {
      this.webSocket.on('close', (code, reason) => {
        this.frames.end(`the connection was closed with ${code} ${reason}`);
        resolve({ code, reason: reason.toString() });
      });
    });
    this.webSocket.on('error', () => {});
  }

  static async connect(server: { host: string; port: number }, format: BinaryFormat): Promise<BinaryClient> {
    const client = new BinaryClient(server, format);
    const { data } = await client.next('sockudo:connection_established');
    client.socketId = JSON.parse(String(data)).socket_id;
    return client;
  }

  next(event: string): Promise<WireFrame> {
    return this.frames.next((frame) => frame.event === event);
  }

  send(frame: Readonly<Record<string, unknown>>): void {
    this.webSocket.send(encodeBinaryFrame(this.#format, JSON.stringify(frame)));
  }

  async subscribe(channel: string, channelData?: string): Promise<WireFrame> {
    const auth = channelAuth(this.#app, this.socketId, channel, channelData);
    const data = { channel, auth, ...(channelData !== undefined && { channel_data: channelData }) };
    this.send({ event: 'sockudo:subscribe', data });
    return this.next('sockudo_internal:subscription_succeeded');
  }

  close(): void {
    this.webSocket.terminate();
  }
}

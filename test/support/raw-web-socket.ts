// A WebSocket made of bytes, so that a test can send what no library would: RFC 6455 frames with any bits set, in any pieces.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { TEST_APP } from './credentials.ts';
import { Inbox } from './inbox.ts';

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

export interface RawFrame {
  readonly opcode: number;
  readonly payload: Uint8Array | string;
  /** Default true. */
  readonly fin?: boolean;
  /** The three reserved bits as a number, default 0. */
  readonly reserved?: number;
  /** Default true, as RFC 6455 section 5.3 wants it of clients. */
  readonly masked?: boolean;
  /** Length that the header claims; default: the payload's. */
  readonly claimedLength?: number | bigint;
}

export interface ServerFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
}

export function encodeRawFrame(frame: RawFrame): Buffer {
  const { opcode, fin = true, reserved = 0, masked = true } = frame;
  const payload = Buffer.from(frame.payload);
  const length = BigInt(frame.claimedLength ?? payload.length);
  const head = Buffer.alloc(length < 126n ? 2 : length < 65_536n ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = masked ? 0x80 : 0;
  if (head.length === 2) head[1] |= Number(length);
  else if (head.length === 4) {
    head[1] |= 126;
    head.writeUInt16BE(Number(length), 2);
  } else {
    head[1] |= 127;
    head.writeBigUInt64BE(length, 2);
  }
  if (!masked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  const hidden = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([head, mask, hidden]);
}

export function closePayload(code: number, reason: Uint8Array | string = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

export interface RawOptions {
  /** Query of the upgrade request. */
  readonly query?: string;
}

export class RawWebSocket {
  readonly socket: Socket;
  readonly frames = new Inbox<ServerFrame>();
  /** The TCP connection is gone; the Close code that came before, or null. */
  readonly ended: Promise<number | null>;
  #buffer = Buffer.alloc(0);
  #closeCode: number | null = null;

  private constructor(socket: Socket, rest: Buffer) {
    this.socket = socket;
    // Pieces leave as they are written; waiting to join them would also make every test wait for delayed acknowledgements.
    socket.setNoDelay(true);
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        this.frames.end(`the server ended the connection, close code ${this.#closeCode}`);
        resolve(this.#closeCode);
      });
    });
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#read(rest);
  }

  /** Upgraded, and `connection_established` has arrived. */
  static async open(
    { host, port }: { host: string; port: number },
    { query = 'protocol=7' }: RawOptions = {},
  ): Promise<RawWebSocket> {
    const socket = connect(port, host);
    socket.on('error', () => {});
    socket.write(upgradeRequest(`/app/${TEST_APP.key}?${query}`));
    const rest = await untilHeaders(socket);
    const raw = new RawWebSocket(socket, rest);
    await raw.frames.next();
    return raw;
  }

  send(frame: RawFrame): void {
    this.socket.write(encodeRawFrame(frame));
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next text frame as JSON. */
  async nextJson(): Promise<{ event: string; data?: unknown; channel?: string }> {
    const frame = await this.frames.next(({ opcode }) => opcode === TEXT);
    // CAST: the server's text frames are objects with an event.
    return JSON.parse(frame.payload.toString('utf8')) as { event: string };
  }

  destroy(): void {
    this.socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      const frame = parseServerFrame(this.#buffer);
      if (frame === null) return;
      this.#buffer = this.#buffer.subarray(frame.bytes);
      if (frame.opcode === CLOSE && frame.payload.length >= 2) this.#closeCode = frame.payload.readUInt16BE();
      this.frames.push(frame);
    }
  }
}

/** Null: not all of a frame is there yet. */
function parseServerFrame(buffer: Buffer): (ServerFrame & { bytes: number }) | null {
  const [first, second] = buffer;
  if (first === undefined || second === undefined) return null;
  if ((second & 0x80) !== 0) throw new Error('a server must not mask its frames (RFC 6455 section 5.1)');
  const short = second & 0x7f;
  const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (buffer.length < headBytes) return null;
  const length =
    short < 126 ? short : short === 126 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2));
  const bytes = headBytes + length;
  if (buffer.length < bytes) return null;
  return {
    opcode: first & 0x0f,
    fin: (first & 0x80) !== 0,
    payload: Buffer.from(buffer.subarray(headBytes, bytes)),
    bytes,
  };
}

export function upgradeRequest(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Reads the answer's headers and hands back what came behind them. */
function untilHeaders(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let buffer = Buffer.alloc(0);
    const onClose = (): void => reject(new Error(`the upgrade was refused: ${buffer.toString('latin1')}`));
    const onData = (bytes: Buffer): void => {
      buffer = Buffer.concat([buffer, bytes]);
      const end = buffer.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.off('data', onData);
      socket.off('close', onClose);
      const head = buffer.toString('latin1', 0, end);
      if (head.startsWith('HTTP/1.1 101')) resolve(buffer.subarray(end + 4));
      else reject(new Error(`the upgrade was refused: ${head}`));
    };
    socket.on('data', onData);
    socket.on('close', onClose);
  });
}

/** Sends bytes to the server's port and collects everything it says until it ends the connection. */
export function exchange(
  { host, port }: { host: string; port: number },
  bytes: Uint8Array | string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });
}

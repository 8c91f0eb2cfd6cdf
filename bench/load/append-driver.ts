// Appends to messages over raw sockets, with little of its own on the way: one request an append, or one request for all of
// them. Closed loop: so many unanswered appends a connection.
import { connect, type Socket } from 'node:net';
import { type SigningApp, signedPath } from './signed-path.ts';

export interface AppendTarget {
  readonly port: number;
  readonly app: SigningApp;
  readonly channel: string;
  /** Serials of the messages; connection i appends to message i. */
  readonly messages: readonly string[];
}

export interface AppendLoad {
  readonly appendsEach: number;
  readonly unanswered: number;
  readonly data: string;
}

/** Creates messages with empty texts and answers their serials. */
export async function createMessages(
  { port, app, channel }: Omit<AppendTarget, 'messages'>,
  count: number,
): Promise<string[]> {
  const serials: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const body = JSON.stringify({ name: 'answer', channel, data: '', info: 'message_serial' });
    const path = signedPath(app, `/apps/${app.id}/events`, body);
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { channels } = await response.json();
    serials.push(channels[channel].message_serial);
  }
  return serials;
}

/** Resolves when every append is acknowledged. */
export async function appendSingly(target: AppendTarget, load: AppendLoad): Promise<void> {
  await onEach(target, load, {
    head: null,
    next: (serial, number) => {
      const body = JSON.stringify({ op_id: `op-${number}`, data: load.data });
      const path = signedPath(target.app, `${messagePath(target, serial)}/append`, body);
      return (
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
      );
    },
    batch: (requests) => requests.join(''),
  });
}

export async function appendInStreams(target: AppendTarget, load: AppendLoad): Promise<void> {
  await onEach(target, load, {
    head: (serial) =>
      `POST ${signedPath(target.app, `${messagePath(target, serial)}/appends`, '')} HTTP/1.1\r\n` +
      'Host: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n',
    next: (_serial, number) => `${JSON.stringify({ op_id: `op-${number}`, data: load.data })}\n`,
    batch: (lines) => {
      const text = lines.join('');
      return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
    },
  });
}

interface Speech {
  readonly head: ((serial: string) => string) | null;
  next(serial: string, number: number): string;
  batch(parts: readonly string[]): string;
}

const APPLIED = Buffer.from('"status":"applied"');

function onEach(target: AppendTarget, load: AppendLoad, speech: Speech): Promise<unknown> {
  return Promise.all(target.messages.map((serial) => drive(target.port, serial, load, speech)));
}

function drive(port: number, serial: string, load: AppendLoad, speech: Speech): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    let sent = 0;
    let acked = 0;
    let tail = Buffer.alloc(0);
    const fill = (): void => {
      const parts: string[] = [];
      for (; sent < load.appendsEach && sent - acked < load.unanswered; sent += 1) {
        parts.push(speech.next(serial, sent));
      }
      if (parts.length > 0) socket.write(speech.batch(parts));
    };
    socket.on('connect', () => {
      if (speech.head !== null) socket.write(speech.head(serial));
      fill();
    });
    socket.on('data', (chunk) => {
      const bytes = Buffer.concat([tail, chunk]);
      let from = 0;
      for (let at = bytes.indexOf(APPLIED); at !== -1; at = bytes.indexOf(APPLIED, from)) {
        acked += 1;
        from = at + APPLIED.length;
      }
      tail = bytes.subarray(Math.max(from, bytes.length - APPLIED.length + 1));
      if (acked < load.appendsEach) fill();
      else socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (acked === load.appendsEach) resolve();
      else reject(new Error(`the server acknowledged ${acked} of ${load.appendsEach} appends`));
    });
  });
}

const messagePath = ({ app, channel }: AppendTarget, serial: string): string =>
  `/apps/${app.id}/channels/${channel}/messages/${encodeURIComponent(serial)}`;

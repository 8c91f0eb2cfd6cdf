// A worker thread that writes what models say: one stream a channel, one message after the other, each at its pace whatever the
// server answers. A text is stamped with the time at which it is written to the socket.
import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { type SigningApp, signedPath } from './signed-path.ts';
import { FIRST, LATER, stamped } from './stamps.ts';

export interface WritersOptions {
  readonly port: number;
  readonly app: SigningApp;
  /** Each has a stream and a connection of its own. */
  readonly channels: readonly string[];
  /** A request for each append, or one for all appends of a message. */
  readonly how: 'single' | 'streamed';
  /** Besides the text that a message is created with. */
  readonly appendsEach: number;
  readonly intervalMs: number;
  /** Over how long the streams begin. */
  readonly spreadMs: number;
  readonly epochMs: number;
}

// CAST: given by bench/load/pool.ts.
const options = workerData as WritersOptions;
const { port, app, how, appendsEach, intervalMs, spreadMs, epochMs } = options;
const SERIAL = /"message_serial":"([^"]+)"/;
const APPLIED = '"status":"applied"';
const END_OF_ANSWER = '\r\n0\r\n\r\n';

class Writer {
  readonly #channel: string;
  readonly #startsAfterMs: number;
  readonly #onDone: () => void;
  #socket: Socket | null = null;
  #unread = '';
  #messages = 0;
  #path: string | null = null;
  #dueMs = Number.POSITIVE_INFINITY;
  #sent = 0;
  #acked = 0;
  #runId = '';

  constructor(channel: string, startsAfterMs: number, onDone: () => void) {
    this.#channel = channel;
    this.#startsAfterMs = startsAfterMs;
    this.#onDone = onDone;
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', resolve);
      socket.setNoDelay(true);
      socket.on('error', reject);
      socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
      this.#socket = socket;
    });
  }

  begin(messages: number): void {
    this.#messages = messages;
    this.#path = null;
    this.#dueMs = performance.now() + this.#startsAfterMs;
  }

  close(): void {
    this.#socket?.destroy();
  }

  /** Writes what is due. */
  tick(now: number): void {
    while (this.#dueMs <= now) {
      if (this.#path === null) this.#create();
      else this.#append(this.#path);
    }
  }

  #create(): void {
    this.#runId = crypto.randomUUID();
    const path = `/apps/${app.id}/events`;
    const body = JSON.stringify({
      name: 'ai-output',
      channel: this.#channel,
      message_id: crypto.randomUUID(),
      data: stamped(FIRST, epochMs),
      info: 'message_serial',
      extras: this.#extras('streaming'),
    });
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#post(path, body);
  }

  #created(serial: string): void {
    const message = `/apps/${app.id}/channels/${this.#channel}/messages/${encodeURIComponent(serial)}`;
    this.#path = how === 'single' ? `${message}/append` : `${message}/appends`;
    this.#sent = 0;
    this.#acked = 0;
    this.#dueMs = performance.now() + intervalMs;
    if (how === 'single') return;
    this.#socket?.write(
      `POST ${signedPath(app, this.#path, '')} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
  }

  #append(path: string): void {
    this.#sent += 1;
    const isLast = this.#sent === appendsEach;
    const body = JSON.stringify({
      op_id: `op-${this.#sent}`,
      data: stamped(LATER, epochMs),
      ...(isLast && { extras: this.#extras('complete') }),
    });
    this.#dueMs = isLast ? Number.POSITIVE_INFINITY : this.#dueMs + intervalMs;
    if (how === 'single') {
      this.#post(path, body);
      return;
    }
    const chunk = `${(body.length + 1).toString(16)}\r\n${body}\n\r\n`;
    this.#socket?.write(isLast ? `${chunk}0\r\n\r\n` : chunk);
  }

  #post(path: string, body: string): void {
    this.#socket?.write(
      `POST ${signedPath(app, path, body)} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  #extras(status: 'streaming' | 'complete'): object {
    const transport = {
      'run-id': this.#runId,
      'invocation-id': this.#runId,
      'run-client-id': 'ann',
      'codec-message-id': this.#runId,
      'stream-id': this.#runId,
      stream: 'true',
      role: 'assistant',
      status,
    };
    return { ai: { transport } };
  }

  #read(chunk: string): void {
    this.#unread += chunk;
    if (this.#unread.includes('HTTP/1.1 4') || this.#unread.includes('"error"'))
      throw new Error(`a stream was refused: ${this.#unread}`);
    if (this.#path === null) {
      const serial = SERIAL.exec(this.#unread)?.[1];
      if (serial === undefined) return;
      this.#unread = '';
      this.#created(serial);
      return;
    }
    let from = 0;
    for (let at = this.#unread.indexOf(APPLIED); at !== -1; at = this.#unread.indexOf(APPLIED, from)) {
      this.#acked += 1;
      from = at + APPLIED.length;
    }
    this.#unread = this.#unread.slice(from);
    if (this.#acked < appendsEach) return;
    if (how === 'streamed' && !this.#unread.includes(END_OF_ANSWER)) return;
    this.#next();
  }

  #next(): void {
    this.#unread = '';
    this.#path = null;
    this.#messages -= 1;
    if (this.#messages > 0) this.#dueMs = performance.now() + intervalMs;
    else this.#onDone();
  }
}

let busy = 0;
const writers = options.channels.map((channel, index) => {
  return new Writer(channel, (index * spreadMs) / options.channels.length, () => {
    busy -= 1;
    if (busy === 0) parentPort?.postMessage({ kind: 'done', latenciesMs: [] });
  });
});
await Promise.all(writers.map((writer) => writer.open()));
const timer = setInterval(() => {
  const now = performance.now();
  for (const writer of writers) writer.tick(now);
}, 1);

parentPort?.postMessage({ kind: 'ready' });
parentPort?.on('message', (message: { kind: string; messages?: number }) => {
  if (message.kind === 'write') {
    busy = writers.length;
    for (const writer of writers) writer.begin(message.messages ?? 1);
  }
  if (message.kind === 'close') {
    clearInterval(timer);
    for (const writer of writers) writer.close();
    parentPort?.close();
  }
});

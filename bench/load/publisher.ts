// A worker thread that publishes signed events over keep-alive connections. Open loop: with a rate given, every publish has
// its time, and a late answer does not delay the next one; the stamp in the data is the time it was due.
import { createHmac, hash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

export interface PublisherOptions {
  readonly port: number;
  readonly app: { readonly id: string; readonly key: string; readonly secret: string };
  /** Event i goes to channel i modulo the length. */
  readonly channels: readonly string[];
  readonly events: number;
  /** Events a second; 0: as fast as the answers come. */
  readonly ratePerSecond: number;
  readonly connections: number;
  /** Unanswered requests that one connection may have. */
  readonly pipeline: number;
  readonly dataBytes: number;
}

// CAST: given by bench/load/pool.ts.
const options = workerData as PublisherOptions;
const ANSWER_OK = Buffer.from('HTTP/1.1 200');
const path = `/apps/${options.app.id}/events`;
const sockets: Socket[] = await Promise.all(Array.from({ length: options.connections }, open));
const latenciesMs: number[] = [];
const sentAtMs: number[][] = sockets.map(() => []);
let sent = 0;
let answered = 0;
let refused = 0;

parentPort?.postMessage({ kind: 'ready' });
parentPort?.on('message', (message: { kind: string }) => {
  if (message.kind === 'start') start();
  if (message.kind === 'close') {
    for (const socket of sockets) socket.destroy();
    parentPort?.close();
  }
});

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(options.port, '127.0.0.1', () => resolve(socket));
    socket.setNoDelay(true);
    socket.on('error', reject);
  });
}

function start(): void {
  sockets.forEach((socket, index) => {
    socket.on('data', (chunk) => onAnswers(chunk, index));
  });
  if (options.ratePerSecond > 0) pace();
  else fillPipelines();
}

function fillPipelines(): void {
  for (let i = 0; i < options.pipeline; i += 1) {
    for (let index = 0; index < sockets.length; index += 1) publishOn(index, nowMs());
  }
}

function pace(): void {
  const intervalMs = 1000 / options.ratePerSecond;
  const startedAtMs = nowMs();
  const tick = setInterval(() => {
    while (sent < options.events && startedAtMs + sent * intervalMs <= nowMs()) {
      publishOn(sent % sockets.length, startedAtMs + sent * intervalMs);
    }
    if (sent >= options.events) clearInterval(tick);
  }, 1);
}

function publishOn(index: number, dueMs: number): void {
  if (sent >= options.events) return;
  const channel = options.channels[sent % options.channels.length];
  sent += 1;
  const stamp = `@${dueMs.toFixed(3)}@`;
  const data = stamp + 'x'.repeat(Math.max(0, options.dataBytes - stamp.length));
  sentAtMs[index]?.push(dueMs);
  sockets[index]?.write(request(JSON.stringify({ name: 'tick', channel, data })));
}

function request(body: string): string {
  const { key, secret } = options.app;
  const timestamp = Math.floor(Date.now() / 1000);
  const query = `auth_key=${key}&auth_timestamp=${timestamp}&auth_version=1.0&body_md5=${hash('md5', body)}`;
  const signature = createHmac('sha256', secret).update(`POST\n${path}\n${query}`).digest('hex');
  return (
    `POST ${path}?${query}&auth_signature=${signature} HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

/** Counts status lines; answers to publishes are small, and one split over two chunks is counted by its first line. */
function onAnswers(chunk: Buffer, index: number): void {
  let count = 0;
  for (let at = chunk.indexOf('HTTP/1.1 '); at !== -1; at = chunk.indexOf('HTTP/1.1 ', at + 9)) {
    if (chunk.compare(ANSWER_OK, 0, ANSWER_OK.length, at, at + ANSWER_OK.length) !== 0) refused += 1;
    count += 1;
  }
  for (let i = 0; i < count; i += 1) {
    const dueMs = sentAtMs[index]?.shift() ?? 0;
    if (answered % 16 === 0) latenciesMs.push(nowMs() - dueMs);
    answered += 1;
    if (options.ratePerSecond === 0) publishOn(index, nowMs());
  }
  if (answered === options.events) parentPort?.postMessage({ kind: 'done', refused, latenciesMs });
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

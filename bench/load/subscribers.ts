// A worker thread that holds many subscribed connections and counts what arrives on them. Latency is taken from a time stamp
// that the publisher puts into the data, on every `sampleEvery`-th frame; both clocks are the machine's.
import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { clientFrame, FrameReader } from './frame-reader.ts';

export interface SubscribersOptions {
  readonly port: number;
  readonly appKey: string;
  readonly connections: number;
  readonly channel: string;
  readonly protocol: 1 | 2;
  readonly sampleEvery: number;
  /** Connections opened at the same time. */
  readonly parallel: number;
}

// CAST: given by bench/load/pool.ts.
const options = workerData as SubscribersOptions;
const STAMP = Buffer.from('@');
const latenciesMs: number[] = [];
const sockets: Socket[] = [];
let received = 0;
let expected = Number.POSITIVE_INFINITY;

await openAll();
parentPort?.postMessage({ kind: 'ready' });

parentPort?.on('message', (message: { kind: string; frames?: number }) => {
  if (message.kind === 'expect') {
    received = 0;
    latenciesMs.length = 0;
    expected = message.frames ?? 0;
    parentPort?.postMessage({ kind: 'expecting' });
  }
  if (message.kind === 'close') {
    for (const socket of sockets) socket.destroy();
    parentPort?.close();
  }
});

async function openAll(): Promise<void> {
  let left = options.connections;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      sockets.push(await openOne());
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, lane));
}

function openOne(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(options.port, '127.0.0.1');
    let isSubscribed = false;
    const reader = new FrameReader((bytes, start, end) => {
      if (isSubscribed) return onMessage(bytes, start, end);
      const text = bytes.toString('latin1', start, end);
      if (text.includes('subscription_succeeded')) {
        isSubscribed = true;
        resolve(socket);
      }
    });
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.once('data', (head) => {
      const end = head.indexOf('\r\n\r\n') + 4;
      const prefix = options.protocol === 2 ? 'sockudo' : 'pusher';
      const subscribe = { event: `${prefix}:subscribe`, data: { channel: options.channel } };
      socket.write(clientFrame(JSON.stringify(subscribe)));
      reader.push(head.subarray(end));
      socket.on('data', (chunk) => reader.push(chunk));
    });
    socket.write(
      `GET /app/${options.appKey}?protocol=${options.protocol === 2 ? 2 : 7} HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
        'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
  });
}

function onMessage(bytes: Buffer, start: number, end: number): void {
  received += 1;
  if (received % options.sampleEvery === 0) sample(bytes, start, end);
  if (received === expected) parentPort?.postMessage({ kind: 'done', received, latenciesMs });
}

/** The data of a measured event is `@EPOCH_MS@…`. */
function sample(bytes: Buffer, start: number, end: number): void {
  const from = bytes.indexOf(STAMP, start);
  if (from === -1 || from >= end) return;
  const to = bytes.indexOf(STAMP, from + 1);
  const sentMs = Number(bytes.toString('latin1', from + 1, to));
  latenciesMs.push(performance.timeOrigin + performance.now() - sentMs);
}

// A worker thread that holds many subscribed connections and counts what arrives on them. Latency is taken from a time stamp
// that the publisher puts into the data, on every `sampleEvery`-th frame; both clocks are the machine's.
import type { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { type SubscribedSocketOptions, subscribedSocket } from './subscribed-socket.ts';

export interface SubscribersOptions extends SubscribedSocketOptions {
  readonly connections: number;
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
      sockets.push(await subscribedSocket(options, onMessage));
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, lane));
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

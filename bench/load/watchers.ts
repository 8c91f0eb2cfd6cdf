// A worker thread that watches streams: some connections a channel, which take the stamps out of what they get. Every text has one, so
// that counting them tells whether all of it came, in how many frames ever.
import { parentPort, workerData } from 'node:worker_threads';
import { nowMs, readStamps } from './stamps.ts';
import { subscribedSocket } from './subscribed-socket.ts';

export interface WatchersOptions {
  readonly port: number;
  readonly appKey: string;
  readonly channels: readonly string[];
  /** Connections to each. */
  readonly each: number;
  readonly epochMs: number;
}

// CAST: given by bench/load/pool.ts.
const { channels, each, epochMs, ...server } = workerData as WatchersOptions;
const latenciesMs: number[] = [];
const firstMs: number[] = [];
let received = 0;
let frames = 0;
let expected = Number.POSITIVE_INFINITY;

const sockets = await Promise.all(
  channels.flatMap((channel) =>
    Array.from({ length: each }, () => subscribedSocket({ ...server, channel, protocol: 2 }, watch)),
  ),
);
parentPort?.postMessage({ kind: 'ready' });

parentPort?.on('message', (message: { kind: string; frames?: number }) => {
  if (message.kind === 'expect') {
    received = 0;
    frames = 0;
    latenciesMs.length = 0;
    firstMs.length = 0;
    expected = message.frames ?? 0;
    parentPort?.postMessage({ kind: 'expecting' });
  }
  if (message.kind === 'close') {
    for (const socket of sockets) socket.destroy();
    parentPort?.close();
  }
});

function watch(bytes: Buffer, start: number, end: number): void {
  const atMs = nowMs() - epochMs;
  frames += 1;
  received += readStamps(bytes, start, end, (stampMs, isFirst) => {
    (isFirst ? firstMs : latenciesMs).push(atMs - stampMs);
  });
  if (received < expected) return;
  expected = Number.POSITIVE_INFINITY;
  parentPort?.postMessage({ kind: 'done', latenciesMs, firstMs, frames });
}

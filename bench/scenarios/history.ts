// Pages of history over kept-open connections: what the server spends on one.
import { connect, type Socket } from 'node:net';
import { BENCH_APPS } from '../apps.ts';
import { LoadWorker } from '../load/pool.ts';
import { signedPath } from '../load/signed-path.ts';
import type { Figures } from '../scenario.ts';
import { cpuUs, type Subject } from '../subject.ts';

export interface HistoryOptions {
  readonly channels: number;
  readonly messagesEach: number;
  /** `newest`: what a client opens with, the same page again and again; `anywhere`: from another message each time. */
  readonly which: 'newest' | 'anywhere';
  readonly pages: number;
  readonly connections: number;
}

const PAGE = 100;
const END = Buffer.from('HTTP/1.1 200');

export async function history(subject: Subject, options: HistoryOptions): Promise<Figures> {
  const { port } = subject;
  const app = BENCH_APPS.durable;
  const channels = Array.from({ length: options.channels }, (_, index) => `history-${index}`);
  const publisher = await LoadWorker.publisher({
    port,
    app,
    channels,
    events: options.channels * options.messagesEach,
    ratePerSecond: 0,
    connections: 16,
    pipeline: 4,
    dataBytes: 128,
  });
  await publisher.publish();
  await publisher.close();
  await readPages(port, channels, { ...options, pages: Math.ceil(options.pages / 5) });
  const before = await subject.usage();
  const startedAtMs = performance.now();
  await readPages(port, channels, options);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const cpu = cpuUs(before, await subject.usage());
  return {
    [`CPU µs / page of ${PAGE}`]: cpu.total / options.pages,
    'CPU µs / message': cpu.total / options.pages / PAGE,
    'pages / s': options.pages / seconds,
  };
}

async function readPages(
  port: number,
  channels: readonly string[],
  { messagesEach, which, pages, connections }: HistoryOptions,
): Promise<void> {
  let next = 0;
  const request = (): string | null => {
    if (next >= pages) return null;
    const channel = channels[next % channels.length] ?? '';
    const start = 1 + (Math.floor(next / channels.length) % (messagesEach - PAGE));
    next += 1;
    const path = `/apps/${BENCH_APPS.durable.id}/channels/${channel}/history`;
    const anywhere = { direction: 'oldest_first', start_serial: String(start) };
    const parameters = { limit: String(PAGE), ...(which === 'anywhere' && anywhere) };
    const target = signedPath(BENCH_APPS.durable, path, null, parameters);
    return `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
  };
  await Promise.all(Array.from({ length: connections }, () => readOver(port, request)));
}

/** One request after the other. */
function readOver(port: number, request: () => string | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    let left = 0;
    const ask = (): void => {
      const text = request();
      if (text === null) socket.destroy();
      else socket.write(text);
    };
    socket.setNoDelay(true);
    socket.on('connect', ask);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk) => {
      left = left > 0 ? left - chunk.length : lengthAfter(chunk) - chunk.length;
      if (left === 0) ask();
    });
  });
}

/** Bytes of the answer whose head is at the beginning of the chunk. */
function lengthAfter(chunk: Buffer): number {
  if (chunk.compare(END, 0, END.length, 0, END.length) !== 0) {
    throw new Error(`a page was answered ${chunk.toString('latin1', 0, 200)}`);
  }
  const bodyAt = chunk.indexOf('\r\n\r\n') + 4;
  const length = /content-length: (\d+)/i.exec(chunk.toString('latin1', 0, bodyAt))?.[1];
  return bodyAt + Number(length);
}

// Measures delta compression alone, without sockets: processor time and size of a delta by algorithm, and what a subscriber with
// deltas costs a delivery. CPU comes from the process's own account, so other work on the machine doesn't count.
//
//   node bench/delta.ts [--subscribers N] [--rounds N]
import { parseArgs } from 'node:util';
import { applyDelta, createDelta, type DeltaAlgorithm } from '@sockudo/protocol';
import { fakeApp } from '../core/server/http/fake-deps.ts';
import { AppCounters } from '../core/server/metrics/counters.ts';
import type { Message } from '../core/server/ports/message.ts';
import { ConnectionDeltas, type SubscriptionDelta } from '../core/server/realtime/delta/connection-deltas.ts';
import { deltaMessage } from '../core/server/realtime/delta/delta-message.ts';
import { deltaSettings } from '../core/server/realtime/delta/testing/delta-fixture.ts';
import { V2_TEXT } from '../core/server/realtime/wire-format.ts';

const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '300' },
  },
});
const subscriberCount = Number(values.subscribers);
const rounds = Number(values.rounds);

/** Data of a quote with an order book of this many levels: prices move, the rest stays. */
function quote(n: number, levels: number): string {
  const book = Array.from({ length: levels }, (_, i) => ({
    bid: 1000 + 3 * i + ((7 * n + i * i) % 17),
    ask: 2000 + i + ((n * i) % 13),
    exchange: 'somewhere',
  }));
  return JSON.stringify({ symbol: 'XYZ', price: 100 + n / 8, volume: 13 * n, levels: book });
}

const message = (n: number, levels: number): Message => ({
  channel: 'market',
  event: 'tick',
  data: JSON.stringify(quote(n, levels)),
  publishedAtMs: 0,
  delta: true,
  messageId: `${n.toString(16).padStart(8, '0')}-6a0c-4b0e-9f43-${(n * 7919).toString(16).padStart(12, '0')}`,
  position: { streamId: '7f2e5c1a-0b7d-4f53-8b6f-3b8a6d2f1c11', serial: n },
});

/** CPU microseconds of one `work`, the fastest of five runs. */
function cpuMicroseconds(times: number, work: (n: number) => void): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run += 1) {
    const before = process.cpuUsage();
    for (let n = 0; n < times; n += 1) work(n);
    const { user, system } = process.cpuUsage(before);
    fastest = Math.min(fastest, (user + system) / times);
  }
  return fastest;
}

function measureAlgorithm(algorithm: DeltaAlgorithm, levels: number): void {
  const frames = Array.from({ length: 200 }, (_, n) => Buffer.from(JSON.stringify(message(n, levels))));
  const at = (n: number) => frames[n % frames.length] ?? Buffer.alloc(0);
  const deltas = frames.map((frame, n) => createDelta(algorithm, at(n + frames.length - 1), frame));
  const encode = cpuMicroseconds(4000, (n) => createDelta(algorithm, at(n), at(n + 1)));
  const decode = cpuMicroseconds(4000, (n) => {
    applyDelta(algorithm, at(n), deltas[(n + 1) % deltas.length] ?? new Uint8Array());
  });
  const size = deltas.slice(1).reduce((sum, delta) => sum + delta.length, 0) / (deltas.length - 1);
  console.log(
    `${algorithm.padEnd(8)} ${String(at(100).length).padStart(6)} B -> ${size.toFixed(0).padStart(5)} B` +
      `   encode ${encode.toFixed(1)} µs, decode ${decode.toFixed(1)} µs`,
  );
}

/** Microseconds a subscriber; `apart`: each has come to another number, so that no two share a frame. */
function measureDelivery(apart: boolean): number {
  const context = {
    app: fakeApp(),
    settings: deltaSettings({ fullMessageInterval: 1_000_000 }),
    frameOptions: { tagsInFrames: true },
    counters: new AppCounters(),
  };
  const subscribers = Array.from({ length: subscriberCount }, (_, index): SubscriptionDelta => {
    const deltas = new ConnectionDeltas(context.settings);
    const series = deltas.series('market', 'tick', 100);
    if (apart && series !== null) series.nextSeq = 10 * index;
    return { deltas, algorithm: null };
  });
  let n = 0;
  const deliver = () => {
    const prepared = deltaMessage(message(n++, 1), context);
    for (const subscriber of subscribers) prepared?.frameFor(V2_TEXT, subscriber);
    prepared?.letGo();
  };
  for (let i = 0; i < 20; i += 1) deliver();
  return cpuMicroseconds(rounds, deliver) / subscriberCount;
}

for (const levels of [1, 10, 100]) {
  for (const algorithm of ['fossil', 'xdelta3'] as const) measureAlgorithm(algorithm, levels);
}
console.log(`${subscriberCount} subscribers equally far: ${measureDelivery(false).toFixed(3)} µs each`);
console.log(`${subscriberCount} subscribers all apart:    ${measureDelivery(true).toFixed(3)} µs each`);

// One publisher, many subscribers of one channel: what a delivered message costs, paced and in a burst.
import { BENCH_APPS, type BenchApp } from '../apps.ts';
import { LoadWorker, percentile } from '../load/pool.ts';
import type { Figures } from '../scenario.ts';
import { cpuUs, type Subject } from '../subject.ts';

export interface FanOutOptions {
  readonly app: BenchApp;
  readonly protocol: 1 | 2;
  readonly subscribers: number;
  readonly events: number;
  /** Events a second; 0: a burst. */
  readonly ratePerSecond: number;
}

export async function fanOut(subject: Subject, options: FanOutOptions): Promise<Figures> {
  const app = BENCH_APPS[options.app];
  const channel = `fan-out-${options.protocol}-${options.ratePerSecond}`;
  const subscribers = await LoadWorker.subscribers({
    port: subject.port,
    appKey: app.key,
    connections: options.subscribers,
    channel,
    protocol: options.protocol,
    sampleEvery: 97,
    parallel: 50,
  });
  const publisher = await LoadWorker.publisher({
    port: subject.port,
    app,
    channels: [channel],
    events: options.events,
    ratePerSecond: options.ratePerSecond,
    connections: 1,
    pipeline: 16,
    dataBytes: 256,
  });
  const deliveries = options.subscribers * options.events;
  const { done } = await subscribers.expect(deliveries);
  const before = await subject.usage();
  const startedAtMs = performance.now();
  const [received] = await Promise.all([done, publisher.publish()]);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const cpu = cpuUs(before, await subject.usage());
  await Promise.all([subscribers.close(), publisher.close()]);
  return {
    'CPU µs / delivered message': cpu.total / deliveries,
    'of it user': cpu.user / deliveries,
    'deliveries / s': deliveries / seconds,
    'p50 ms': percentile(received.latenciesMs, 0.5),
    'p99 ms': percentile(received.latenciesMs, 0.99),
  };
}

// Signed HTTP publishes over keep-alive connections, to channels without subscribers: what the server spends on one.
import { BENCH_APPS, type BenchApp } from '../apps.ts';
import { LoadWorker, percentile } from '../load/pool.ts';
import type { Figures } from '../scenario.ts';
import { cpuUs, type Subject } from '../subject.ts';

export interface PublishOptions {
  readonly app: BenchApp;
  readonly events: number;
  readonly connections: number;
  readonly pipeline: number;
}

export async function publish(subject: Subject, options: PublishOptions): Promise<Figures> {
  const open = (events: number): Promise<LoadWorker> =>
    LoadWorker.publisher({
      port: subject.port,
      app: BENCH_APPS[options.app],
      channels: Array.from({ length: 100 }, (_, i) => `publish-${i}`),
      events,
      ratePerSecond: 0,
      connections: options.connections,
      pipeline: options.pipeline,
      dataBytes: 256,
    });
  const warmUp = await open(Math.ceil(options.events / 5));
  await warmUp.publish();
  await warmUp.close();
  const publisher = await open(options.events);
  const before = await subject.usage();
  const startedAtMs = performance.now();
  const { latenciesMs, refused } = await publisher.publish();
  const seconds = (performance.now() - startedAtMs) / 1000;
  const cpu = cpuUs(before, await subject.usage());
  await publisher.close();
  return {
    'CPU µs / publish': cpu.total / options.events,
    'of it user': cpu.user / options.events,
    'publishes / s': options.events / seconds,
    'p50 ms': percentile(latenciesMs, 0.5),
    'p99 ms': percentile(latenciesMs, 0.99),
    refused: refused ?? 0,
  };
}

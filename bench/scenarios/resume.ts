// Many clients lose one channel and come back to it, resuming from before what was published meanwhile: what a replayed message
// costs, connecting and subscribing included, and how long a client waits. Then they resume again on the connections that they
// have, which is the replay alone; what connecting costs is measured when they come for the first time.
import { BENCH_APPS, type BenchApp } from '../apps.ts';
import { LoadWorker, percentile } from '../load/pool.ts';
import type { Figures } from '../scenario.ts';
import { cpuUs, type Subject } from '../subject.ts';

export interface ResumeOptions {
  readonly app: BenchApp;
  readonly clients: number;
  readonly parallel: number;
  readonly missed: number;
  /** How long the messages are old before the clients come. */
  readonly awayMs: number;
}

const VISITS = 4;

export async function resume(subject: Subject, options: ResumeOptions): Promise<Figures> {
  const { clients, parallel, missed, awayMs } = options;
  const app = BENCH_APPS[options.app];
  const channel = 'resume';
  const atFirst = await subject.usage();
  const resumers = await LoadWorker.resumers({
    port: subject.port,
    appKey: app.key,
    channel,
    clients,
    visits: VISITS,
    parallel,
    missed,
  });
  const connecting = cpuUs(atFirst, await subject.usage());
  const publisher = await LoadWorker.publisher({
    port: subject.port,
    app,
    channels: [channel],
    events: missed,
    ratePerSecond: 0,
    connections: 1,
    pipeline: 1,
    dataBytes: 256,
  });
  await publisher.publish();
  await new Promise((resolve) => setTimeout(resolve, awayMs));
  const before = await subject.usage();
  const startedAtMs = performance.now();
  const { latenciesMs, refused } = await resumers.resume();
  const seconds = (performance.now() - startedAtMs) / 1000;
  const after = await subject.usage();
  const cpu = cpuUs(before, after);
  const again = await resumers.resumeAgain();
  const replay = cpuUs(after, await subject.usage());
  await Promise.all([resumers.close(), publisher.close()]);
  return {
    'CPU µs / replayed message': cpu.total / (clients * missed),
    'the replay alone': replay.total / (clients * missed),
    'CPU µs / client': cpu.total / clients,
    'CPU µs / connect before': connecting.total / clients / VISITS,
    'p50 ms': percentile(latenciesMs, 0.5),
    'p99 ms': percentile(latenciesMs, 0.99),
    'all back after s': seconds,
    incomplete: Math.max(refused ?? 0, again.refused ?? 0),
  };
}

// Many connections that connect, subscribe and then say nothing: what each costs to let in, and to keep.
import { BENCH_APPS } from '../apps.ts';
import { LoadWorker } from '../load/pool.ts';
import type { Figures } from '../scenario.ts';
import { cpuUs, type Subject } from '../subject.ts';

export async function connections(subject: Subject, count: number): Promise<Figures> {
  const perWorker = Math.ceil(count / 2);
  const open = (channel: string): Promise<LoadWorker> =>
    LoadWorker.subscribers({
      port: subject.port,
      appKey: BENCH_APPS.plain.key,
      connections: perWorker,
      channel,
      protocol: 1,
      sampleEvery: 1,
      parallel: 100,
    });
  const rssBefore = await subject.settledRssBytes();
  const before = await subject.usage();
  const startedAtMs = performance.now();
  const workers = await Promise.all([open('idle-a'), open('idle-b')]);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const cpu = cpuUs(before, await subject.usage());
  const rssAfter = await subject.settledRssBytes();
  await Promise.all(workers.map((worker) => worker.close()));
  const opened = perWorker * 2;
  return {
    'CPU µs / connect + subscribe': cpu.total / opened,
    'KiB / idle connection': (rssAfter - rssBefore) / opened / 1024,
    'connections / s': opened / seconds,
  };
}

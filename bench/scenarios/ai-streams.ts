// Models that answer at an even pace, with watchers at the default rollup window: what an append costs from the request to the
// watchers' sockets, and how much later than it was written a watcher has it.
import { BENCH_APPS } from '../apps.ts';
import { LoadWorker, percentile } from '../load/pool.ts';
import { nowMs } from '../load/stamps.ts';
import type { Figures } from '../scenario.ts';
import { cpuUs, type Subject } from '../subject.ts';

export interface AiStreamsOptions {
  readonly how: 'single' | 'streamed';
  readonly streams: number;
  /** Of each stream. */
  readonly watchers: number;
  /** Texts a second of each stream. */
  readonly ratePerSecond: number;
  readonly messagesEach: number;
  readonly appendsEach: number;
  /** Over how long the streams begin. */
  readonly spreadMs: number;
}

export async function aiStreams(subject: Subject, options: AiStreamsOptions): Promise<Figures> {
  const { how, streams, watchers: each, appendsEach, messagesEach, ratePerSecond, spreadMs } = options;
  const app = BENCH_APPS.durable;
  const channels = Array.from({ length: streams }, (_, index) => `ai-session-${index}`);
  const common = { port: subject.port, channels, epochMs: nowMs() };
  const watchers = await LoadWorker.watchers({ ...common, appKey: app.key, each });
  const pace = { intervalMs: 1000 / ratePerSecond, spreadMs };
  const writers = await LoadWorker.writers({ ...common, ...pace, app, how, appendsEach });
  const write = async (messages: number) => {
    const { done } = await watchers.expect(streams * each * messages * (appendsEach + 1));
    const [seen] = await Promise.all([done, writers.write(messages)]);
    return seen;
  };
  await write(1);
  const before = await subject.usage();
  const startedAtMs = performance.now();
  const { latenciesMs, firstMs = [] } = await write(messagesEach);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const after = await subject.usage();
  const cpu = cpuUs(before, after);
  await Promise.all([watchers.close(), writers.close()]);
  const count = streams * messagesEach * appendsEach;
  return {
    'CPU µs / append': cpu.total / count,
    'of it user': cpu.user / count,
    'appends / s': count / seconds,
    'share of one core': cpu.total / 1e6 / seconds,
    'MiB resident at the end': after.rssBytes / 1024 / 1024,
    'added latency p25 ms': percentile(latenciesMs, 0.25),
    'added latency p50 ms': percentile(latenciesMs, 0.5),
    'added latency p99 ms': percentile(latenciesMs, 0.99),
    'first text p50 ms': percentile(firstMs, 0.5),
    'first text p99 ms': percentile(firstMs, 0.99),
  };
}

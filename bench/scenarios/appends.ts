// Durable appends to mutable messages, one request each or many in one request, to a channel without subscribers.
import { BENCH_APPS } from '../apps.ts';
import { appendInStreams, appendSingly, createMessages } from '../load/append-driver.ts';
import type { Figures } from '../scenario.ts';
import { cpuUs, type Subject } from '../subject.ts';

export interface AppendsOptions {
  readonly how: 'single' | 'streamed';
  /** Messages that grow at a time, each over its own connection. */
  readonly messages: number;
  readonly appendsEach: number;
  /** Appends of one connection that wait for their acknowledgement. */
  readonly unanswered: number;
}

/** About what a model says at a time. */
const FRAGMENT = 'x'.repeat(16);

export async function appends(subject: Subject, options: AppendsOptions): Promise<Figures> {
  const channel = { port: subject.port, app: BENCH_APPS.durable, channel: 'answers' };
  const run = options.how === 'single' ? appendSingly : appendInStreams;
  const load = { appendsEach: options.appendsEach, unanswered: options.unanswered, data: FRAGMENT };
  const warmUp = await createMessages(channel, options.messages);
  await run({ ...channel, messages: warmUp }, { ...load, appendsEach: Math.ceil(load.appendsEach / 5) });
  const messages = await createMessages(channel, options.messages);
  const before = await subject.usage();
  const startedAtMs = performance.now();
  await run({ ...channel, messages }, load);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const cpu = cpuUs(before, await subject.usage());
  const count = options.messages * options.appendsEach;
  return {
    'CPU µs / append': cpu.total / count,
    'of it user': cpu.user / count,
    'appends / s': count / seconds,
  };
}

// A device that opens a session: the one frame that a client draws from, and the pages behind it up to the first message.
import { BENCH_APPS } from '../apps.ts';
import { clientFrame } from '../load/frame-reader.ts';
import { percentile } from '../load/pool.ts';
import { signedPath } from '../load/signed-path.ts';
import { subscribedSocket } from '../load/subscribed-socket.ts';
import type { Figures } from '../scenario.ts';
import { cpuUs, type Subject } from '../subject.ts';

export interface AiAttachOptions {
  /** Four messages each: an input, a start, an answer, an end. */
  readonly runs: number;
  readonly visits: number;
}

const app = BENCH_APPS.durable;
const CHANNEL = 'ai-attach';
const ANSWER = 'What a model says in a paragraph, more or less. '.repeat(10);

export async function aiAttach(subject: Subject, { runs, visits }: AiAttachOptions): Promise<Figures> {
  const { port } = subject;
  for (let run = 0; run < runs; run += 1) await converse(port, `run-${run}`);
  await visit(port, runs * 4);
  const before = await subject.usage();
  const all: Visit[] = [];
  for (let i = 0; i < visits; i += 1) all.push(await visit(port, runs * 4));
  const cpu = cpuUs(before, await subject.usage());
  const figures = (name: string, of: (visit: Visit) => number): Figures => ({
    [`${name} p50 ms`]: percentile(all.map(of), 0.5),
    [`${name} p99 ms`]: percentile(all.map(of), 0.99),
  });
  return {
    ...figures('attach', ({ attachedMs }) => attachedMs),
    ...figures('connect and attach', ({ shownMs }) => shownMs),
    ...figures(`all ${runs * 4} messages`, ({ completeMs }) => completeMs),
    'CPU ms / visit': cpu.total / 1000 / visits,
  };
}

async function converse(port: number, runId: string): Promise<void> {
  const run = { 'run-id': runId, 'invocation-id': runId };
  const answer = { ...run, 'run-client-id': 'ann', role: 'assistant' };
  await publish(port, 'ai-input', { ...run, 'codec-message-id': `in-${runId}`, role: 'user' }, 'And then?');
  await publish(port, 'ai-run-start', answer, '{}');
  const output = { ...answer, 'codec-message-id': `out-${runId}`, stream: 'true', 'stream-id': runId };
  await publish(port, 'ai-output', { ...output, status: 'complete' }, ANSWER);
  await publish(port, 'ai-run-end', { ...answer, 'run-reason': 'complete' }, '{}');
}

async function publish(port: number, name: string, transport: object, data: string): Promise<void> {
  const body = JSON.stringify({ name, channel: CHANNEL, data, extras: { ai: { transport } } });
  const response = await fetch(`http://127.0.0.1:${port}${signedPath(app, `/apps/${app.id}/events`, body)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (response.status !== 200) throw new Error(`an event was answered ${await response.text()}`);
}

interface Visit {
  /** From the request to the frame. */
  readonly attachedMs: number;
  /** The same from the beginning of the connection. */
  readonly shownMs: number;
  /** To the last page, likewise from the beginning. */
  readonly completeMs: number;
}

async function visit(port: number, messages: number): Promise<Visit> {
  const startedAtMs = performance.now();
  let deliver: (text: string) => void = () => {};
  const server = { port, appKey: app.key, channel: CHANNEL, protocol: 2 } as const;
  const socket = await subscribedSocket(server, (bytes, start, end) =>
    deliver(bytes.toString('utf8', start, end)),
  );
  const ask = (name: string, data: object): Promise<string> => {
    const answer = new Promise<string>((resolve) => {
      deliver = resolve;
    });
    socket.write(
      clientFrame(JSON.stringify({ event: `sockudo:${name}`, data: { channel: CHANNEL, ...data } })),
    );
    return answer;
  };
  const askedAtMs = performance.now();
  let text = await ask('ai_session', {});
  const attachedAtMs = performance.now();
  let seen = 0;
  for (;;) {
    const { items, next_cursor: cursor } = dataOf(text);
    seen += items.length;
    if (cursor === undefined || cursor === null) break;
    text = await ask('channel_history', { cursor });
  }
  const completeAtMs = performance.now();
  socket.destroy();
  if (seen !== messages) throw new Error(`a visitor saw ${seen} of ${messages} messages`);
  return {
    attachedMs: attachedAtMs - askedAtMs,
    shownMs: attachedAtMs - startedAtMs,
    completeMs: completeAtMs - startedAtMs,
  };
}

interface Page {
  readonly items: readonly unknown[];
  readonly next_cursor?: string | null;
}

function dataOf(text: string): Page {
  const { event, data } = JSON.parse(text);
  if (event === 'sockudo:error') throw new Error(text);
  return typeof data === 'string' ? JSON.parse(data) : data;
}

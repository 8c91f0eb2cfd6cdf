// One publish to a channel with very many browsers, on SQLite: how fast it goes out to a push service on this machine, what a
// send costs, and how much memory the server takes meanwhile.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { request } from 'undici';
import { BENCH_APPS } from '../apps.ts';
import { signedPath } from '../load/signed-path.ts';
import type { Figures } from '../scenario.ts';
import { cpuUs, Subject } from '../subject.ts';

export interface PushPublishOptions {
  readonly devices: number;
  readonly profileTo: string | undefined;
}

const CHANNEL = 'push-all';
const LOOK_MS = 100;

export async function pushPublish({ devices, profileTo }: PushPublishOptions): Promise<Figures> {
  const service = new Worker(new URL('../load/push-service.ts', import.meta.url));
  const [{ port, p256dh, auth }] = await once(service, 'message');
  const seed = { devices, channel: CHANNEL, origin: `http://127.0.0.1:${port}`, p256dh, auth };
  const subject = await Subject.start('push', { seed, profileTo });
  const idleBytes = await subject.settledRssBytes();
  const before = await subject.usage();
  const memory = watchMemory(subject);
  service.postMessage({ expect: devices });
  const startedAtMs = performance.now();
  const publishId = await publish(subject.port);
  const [{ requests }] = await once(service, 'message');
  const seconds = (performance.now() - startedAtMs) / 1000;
  const succeeded = await ended(subject.port, publishId);
  const peakBytes = await memory.stop();
  const cpu = cpuUs(before, await subject.usage());
  await subject.stop();
  await service.terminate();
  return {
    'sends / s': devices / seconds,
    'CPU µs / send': cpu.total / devices,
    'of it user': cpu.user / devices,
    'sends / s of one core': 1e6 / (cpu.total / devices),
    'MiB resident before': idleBytes / 1024 / 1024,
    'MiB resident at most': peakBytes / 1024 / 1024,
    'sent twice': requests - devices,
    'succeeded by the status': succeeded,
  };
}

function watchMemory(subject: Subject): { stop(): Promise<number> } {
  let peakBytes = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      peakBytes = Math.max(peakBytes, (await subject.usage()).rssBytes);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();
  return {
    async stop() {
      isOver = true;
      await watching;
      return peakBytes;
    },
  };
}

async function publish(port: number): Promise<string> {
  const body = JSON.stringify({
    recipients: [{ type: 'channel', channel: CHANNEL }],
    payload: { title: 'Packed', body: 'On its way: '.padEnd(200, 'x'), templateData: { order: '19' } },
  });
  const answer = await ask(port, 'POST', '/push/publish', body);
  return String(answer.publishId);
}

/** How many succeeded, once the publish has ended. */
async function ended(port: number, publishId: string): Promise<number> {
  for (;;) {
    const status = await ask(port, 'GET', `/push/publish/${publishId}/status`, null);
    if (status.state !== 'dispatching' && status.state !== 'planning')
      return Number(status.counters?.succeeded);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

interface Answer {
  readonly publishId?: string;
  readonly state?: string;
  readonly counters?: { readonly succeeded: number };
}

async function ask(port: number, method: 'GET' | 'POST', path: string, body: string | null): Promise<Answer> {
  const app = BENCH_APPS.durable;
  const signed = signedPath(app, `/apps/${app.id}${path}`, body);
  const response = await request(`http://127.0.0.1:${port}${signed}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body,
  });
  const text = await response.body.text();
  if (response.statusCode >= 300) throw new Error(`${path}: ${response.statusCode} ${text}`);
  return JSON.parse(text);
}

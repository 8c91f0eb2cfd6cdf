// `node bench/soak.ts [--minutes 10] [--rate 100]`: a server under a low, even load for long: publishes, streams of appends, pages of
// history, clients that come and go. Prints its settled memory every minute and, at the end, how much it grew after the first.
import { parseArgs } from 'node:util';
import { BENCH_APPS } from './apps.ts';
import { appendInStreams, createMessages } from './load/append-driver.ts';
import { LoadWorker } from './load/pool.ts';
import { signedPath } from './load/signed-path.ts';
import { Subject } from './subject.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '100' } },
});
const app = BENCH_APPS.durable;
const MESSAGES = 4;
const APPENDS_EACH = 25;
const PAGES = 10;
const CLIENTS = 20;
const CHANNELS = Array.from({ length: 50 }, (_, index) => `soak-${index}`);
const MIB = 1024 * 1024;

const subject = await Subject.start();
const base = `http://127.0.0.1:${subject.port}`;
const readings: number[] = [];
const startedAtMs = performance.now();
for (let minute = 1; minute <= Number(values.minutes); minute += 1) {
  let seconds = 0;
  while (performance.now() - startedAtMs < minute * 60_000) {
    await Promise.all([oneSecondOfLoad(), new Promise((resolve) => setTimeout(resolve, 1000))]);
    seconds += 1;
  }
  readings.push((await subject.settledRssBytes()) / MIB);
  console.log(`minute ${minute}: ${readings.at(-1)?.toFixed(1)} MiB after ${seconds} seconds of load`);
}
await subject.stop();
const [first = Number.NaN, last = Number.NaN] = [readings[0], readings.at(-1)];
console.log(`from ${first.toFixed(1)} to ${last.toFixed(1)} MiB: × ${(last / first).toFixed(3)}`);

async function oneSecondOfLoad(): Promise<void> {
  const events = Number(values.rate);
  const channel = { port: subject.port, app, channel: 'soak-answers' };
  const [messages, publisher, visitors] = await Promise.all([
    createMessages(channel, MESSAGES),
    LoadWorker.publisher({
      port: subject.port,
      app,
      channels: CHANNELS,
      events,
      ratePerSecond: 2 * events,
      connections: 2,
      pipeline: 1,
      dataBytes: 256,
    }),
    LoadWorker.subscribers({
      port: subject.port,
      appKey: app.key,
      connections: CLIENTS,
      channel: 'soak-0',
      protocol: 2,
      sampleEvery: 1_000,
      parallel: 5,
    }),
  ]);
  const load = { appendsEach: APPENDS_EACH, unanswered: 5, data: 'x'.repeat(16) };
  const pages = Array.from({ length: PAGES }, (_, index) => readPage(CHANNELS[index] ?? ''));
  await Promise.all([publisher.publish(), appendInStreams({ ...channel, messages }, load), ...pages]);
  await Promise.all([publisher.close(), visitors.close()]);
}

async function readPage(channel: string): Promise<void> {
  const path = `/apps/${app.id}/channels/${channel}/history`;
  const response = await fetch(base + signedPath(app, path, null, { limit: '100' }));
  if (response.status !== 200) throw new Error(`a page was answered ${response.status}`);
  await response.arrayBuffer();
}

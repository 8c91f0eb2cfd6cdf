// Measures the channel log alone: CPU of the main thread and of the process per entry, entries per second, how many entries share
// a sync, and how long a commit takes. CPU comes from the process's own accounts, so other work on the machine doesn't count.
//
//   node bench/channel-log.ts [--driver none|memory|sqlite] [--seconds N] [--rate N] [--channels N] [--bytes N] [--receipts]
//     [--appends] [--active N] [--length N]
//
// 'none' is a log that does nothing: what the measuring itself costs, to be taken off the others.
// Runs each driver open loop at --rate (arrivals don't wait for answers, latency counts from the planned arrival), then closed
// loop with 1, 8 and 64 publishers that each wait for their commit.
// --appends: each channel has one message, --active of them (default all) have --length appends, and are appended to in turn.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createChannelLog } from '@sockudo/sqlite';
import { createVersionSerials } from '../core/protocol/index.ts';
import { createMemoryChannelLog } from '../core/server/memory/channel-log.ts';
import type { Commit } from '../core/server/ports/channel-log.ts';
import type { DurableLog } from '../core/server/ports/index.ts';
import type { MutationDraft } from '../core/server/ports/message-log.ts';

const { values: options } = parseArgs({
  options: {
    driver: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '10000' },
    channels: { type: 'string', default: '100' },
    bytes: { type: 'string', default: '256' },
    receipts: { type: 'boolean', default: false },
    appends: { type: 'boolean', default: false },
    active: { type: 'string' },
    length: { type: 'string', default: '10' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const durationMs = Number(options.seconds) * 1000;
const data = JSON.stringify('x'.repeat(Number(options.bytes) - 2));
const retention = { ageMs: 86_400_000, messages: 1000 };
const serials = createVersionSerials('bench', Date.now);
/** Message serials of the channels that are appended to. */
const active: string[] = [];
let drafted = 0;

interface Run {
  readonly entries: number;
  /** Sorted, in milliseconds. */
  readonly latencies: readonly number[];
}

for (const driver of options.driver === undefined ? ['none', 'memory', 'sqlite'] : [options.driver]) {
  const folder = await mkdtemp(join(options.folder, 'sockudo-bench-'));
  const log = await openLog(driver, join(folder, 'log.db'));
  if (options.appends) await createMessages(log);
  await openLoop(log, 1000);
  await report(driver, `open loop ${options.rate}/s`, log, () => openLoop(log, durationMs));
  for (const publishers of [1, 8, 64]) {
    await report(driver, `closed loop ${publishers}`, log, () => closedLoop(log, publishers));
  }
  await log.close();
  await rm(folder, { recursive: true });
}

async function openLog(driver: string, path: string): Promise<DurableLog> {
  if (driver === 'sqlite') return createChannelLog({ path });
  const log = createMemoryChannelLog();
  if (driver === 'none') {
    log.commit = async () => ({ kind: 'committed', entries: [] });
    log.mutate = async () => ({ kind: 'unknown-message' });
  }
  return log;
}

async function createMessages(log: DurableLog): Promise<void> {
  const channels = Number(options.channels);
  const versionSerial = (historySerial: number): string => serials.next(historySerial);
  active.length = 0;
  for (let first = 0; first < channels; first += 500) {
    const entries = Array.from({ length: Math.min(500, channels - first) }, (_, index) => ({
      key: keyOf(first + index),
      event: 'bench-event',
      data: '""',
      publishedAtMs: Date.now(),
      retention,
      versionSerial,
    }));
    const result = await log.commit({ entries, receipts: [] });
    if (result.kind !== 'committed') throw new Error(result.kind);
    active.push(...result.entries.map((entry) => entry.messageSerial ?? ''));
  }
  active.length = Math.min(active.length, Number(options.active ?? channels));
  for (let round = 0; round < Number(options.length); round += 1) {
    for (let first = 0; first < active.length; first += 500) {
      const count = Math.min(500, active.length - first);
      await Promise.all(Array.from({ length: count }, (_, index) => log.mutate(appendTo(first + index))));
    }
  }
}

function keyOf(index: number): MutationDraft['key'] {
  return { appId: 'app', channel: `channel-${index}` };
}

function appendTo(index: number): MutationDraft {
  return {
    key: keyOf(index),
    messageSerial: active[index] ?? '',
    publishedAtMs: Date.now(),
    retention,
    apply: ({ event }) => ({ action: 'append', data, event }),
    versionSerial: (historySerial, current) => serials.next(historySerial, current),
    ...(options.receipts && { receipt: receiptOf(Date.now()) }),
  };
}

function receiptOf(nowMs: number) {
  return {
    scope: 'app',
    key: crypto.randomUUID(),
    expiresAtMs: nowMs + 120_000,
    answer: () => '{"ok":true}',
  };
}

function send(log: DurableLog): Promise<unknown> {
  if (!options.appends) return log.commit(nextCommit());
  drafted += 1;
  return log.mutate(appendTo(drafted % active.length));
}

function nextCommit(): Commit {
  drafted += 1;
  const nowMs = Date.now();
  const entry = {
    key: keyOf(drafted % Number(options.channels)),
    event: 'bench-event',
    data,
    publishedAtMs: nowMs,
    messageId: `message-${drafted}`,
    retention,
  };
  return { entries: [entry], receipts: options.receipts ? [receiptOf(nowMs)] : [] };
}

/** Arrivals are planned in steps of a millisecond, whatever became of the ones before. */
async function openLoop(log: DurableLog, forMs: number): Promise<Run> {
  const latencies: number[] = [];
  const pending: Promise<unknown>[] = [];
  const start = performance.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsedMs = Math.min(forMs, performance.now() - start);
      const due = Math.floor((elapsedMs * Number(options.rate)) / 1000);
      for (; sent < due; sent += 1) {
        const plannedMs = start + (sent * 1000) / Number(options.rate);
        pending.push(send(log).then(() => latencies.push(performance.now() - plannedMs)));
      }
      if (elapsedMs < forMs) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(pending);
  return { entries: sent, latencies: latencies.sort((one, other) => one - other) };
}

async function closedLoop(log: DurableLog, publishers: number): Promise<Run> {
  const latencies: number[] = [];
  const end = performance.now() + durationMs;
  const publish = async (): Promise<void> => {
    for (let now = performance.now(); now < end; ) {
      await send(log);
      const done = performance.now();
      latencies.push(done - now);
      now = done;
      // The memory log answers within the turn; timers must have theirs.
      if (log.durability === 'memory' && latencies.length % 1000 === 0) await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: publishers }, publish));
  return { entries: latencies.length, latencies: latencies.sort((one, other) => one - other) };
}

async function report(
  driver: string,
  title: string,
  log: DurableLog,
  measure: () => Promise<Run>,
): Promise<void> {
  const counts = 'counts' in log ? (log as Awaited<ReturnType<typeof createChannelLog>>).counts : null; // CAST: only SQLite has it
  const before = { ...counts };
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  const thread = process.threadCpuUsage();
  const { entries, latencies } = await measure();
  const threadUs = sum(process.threadCpuUsage(thread)) / entries;
  const processUs = sum(process.cpuUsage(cpu)) / entries;
  const perSecond = Math.round((entries * 1000) / (performance.now() - startMs));
  const at = (share: number): string => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2);
  const syncs = (counts?.syncs ?? 0) - (before.syncs ?? 0);
  console.log(
    `${driver.padEnd(7)} ${title.padEnd(20)} ${String(perSecond).padStart(7)}/s` +
      `  main ${threadUs.toFixed(1).padStart(6)} µs  process ${processUs.toFixed(1).padStart(6)} µs` +
      `  entries per sync ${(syncs === 0 ? 0 : entries / syncs).toFixed(1).padStart(5)}` +
      `  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`,
  );
}

function sum({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}

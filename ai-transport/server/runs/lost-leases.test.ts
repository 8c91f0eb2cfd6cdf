// Runs whose time has come, on several nodes that share a log.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryChannelLog } from '../../../core/server/memory/channel-log.ts';
import { ENDED_RUN_KEPT_MS, RUN_KIND } from './stored-run.ts';
import { CHANNEL, type RunNode, type RunNodeOptions, runNode } from './testing/run-nodes.ts';

const key = { appId: 'app', channel: CHANNEL };
const nodes: RunNode[] = [];

function node(options: RunNodeOptions = {}): RunNode {
  const made = runNode(options);
  nodes.push(made);
  return made;
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['Date', 'setTimeout', 'clearTimeout'],
    now: Date.parse('2026-01-01T00:00:00Z'),
  });
});
afterEach(async () => {
  for (const one of nodes.splice(0)) await one.close();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const runOf = async ({ ask }: RunNode, run: string) =>
  (await ask('GET', `/channels/${CHANNEL}/runs/${run}`)).body.run;
const claim = async ({ ask }: RunNode, more = {}) =>
  (await ask('POST', '/runs/claim', { channel_prefix: CHANNEL, worker_id: 'w', ...more })).body.claims[0];

async function eventsOf({ log }: RunNode, name: string): Promise<readonly string[]> {
  const page = await log.read(key, { direction: 'oldest-first', limit: 1000 });
  if (page.kind === 'gap') throw new Error('a gap');
  return page.entries.filter(({ event }) => event === name).map(({ extras = '' }) => extras);
}

const STREAM = { stream: 'true', 'stream-id': 's', status: 'streaming' };

async function openStream(on: RunNode, run: string, fence?: string): Promise<string> {
  const { body } = await on.say('ai-output', run, {
    transport: STREAM,
    ...(fence !== undefined && { fence }),
  });
  return body.channels[CHANNEL].message_serial;
}

const extrasOf = async ({ log }: RunNode, serial: string) =>
  JSON.parse((await log.message(key, serial))?.extras ?? '{}').ai.transport;

describe('a lease that ran out', () => {
  it('gives the run back within a second, and after three attempts ends it once, whoever looks', async () => {
    const first = node();
    const all = [first, node({ log: first.log }), node({ log: first.log })];
    await first.say('ai-input', 'a');
    for (const attempt of [1, 2, 3]) {
      expect(await claim(first, { lease_ms: 5000 })).toMatchObject({ run: { attempt } });
      await pass(4999);
      expect(await runOf(first, 'a')).toMatchObject({ status: 'running' });
      await pass(1001);
      expect(await runOf(first, 'a')).toMatchObject({ status: attempt === 3 ? 'lost' : 'queued' });
    }
    const [end, ...more] = await eventsOf(first, 'ai-run-end');
    expect(more).toEqual([]);
    expect(JSON.parse(end ?? '').ai.transport).toMatchObject({
      'run-reason': 'error',
      'error-code': 'lease_expired',
    });
    expect(await runOf(first, 'a')).toMatchObject({ error: { code: 'lease_expired' }, ended_serial: 2 });
    expect(await first.log.search({ kind: 'run-chore', limit: 1 })).toEqual([]);
    expect(all.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it('of a run that somebody cancelled ends it as cancelled', async () => {
    const one = node({ isAlone: true });
    await one.say('ai-input', 'a');
    await claim(one);
    await one.say('ai-cancel', 'a');
    await pass(16_000);
    expect(await runOf(one, 'a')).toMatchObject({ status: 'cancelled' });
    expect(await eventsOf(one, 'ai-run-end')).toHaveLength(1);
  });

  it('is seen by a node that starts later', async () => {
    const log = createMemoryChannelLog();
    const dead = runNode({ log, isAlone: true });
    await dead.say('ai-input', 'a');
    await claim(dead);
    // It has no time left for anything.
    vi.clearAllTimers();
    await pass(60_000);
    const next = node({ log, isAlone: true });
    await pass(1000);
    expect(await runOf(next, 'a')).toMatchObject({ status: 'queued', attempt: 1 });
  });

  it('does not end one whose worker is heard of', async () => {
    const one = node();
    await one.say('ai-input', 'a');
    const { fence } = await claim(one, { lease_ms: 2000 });
    for (let beat = 0; beat < 10; beat += 1) {
      await pass(1500);
      const { status } = await one.ask('POST', `/channels/${CHANNEL}/runs/a/heartbeat`, {
        fence,
        lease_ms: 2000,
      });
      expect(status).toBe(200);
    }
    expect(await runOf(one, 'a')).toMatchObject({ status: 'running', generation: 1 });
    await pass(3000);
    expect(await runOf(one, 'a')).toMatchObject({ status: 'queued' });
  });

  it('leaves the streams of the next worker alone, and the rest is done by another node if this one fails', async () => {
    const log = createMemoryChannelLog();
    const weak = runNode({ log: withoutChanges(log) });
    await weak.say('ai-input', 'a');
    const { fence } = await claim(weak, { lease_ms: 5000 });
    const old = await openStream(weak, 'a', fence);
    await pass(5000);
    expect(await runOf(weak, 'a')).toMatchObject({ status: 'queued' });
    expect(await extrasOf(weak, old)).toMatchObject({ status: 'streaming' });
    const next = await claim(weak, { lease_ms: 60_000 });
    const young = await openStream(weak, 'a', next.fence);
    expect(weak.errors).toHaveLength(1);
    await weak.close();
    const strong = node({ log });
    await pass(10_000);
    expect(await extrasOf(strong, old)).toMatchObject({ status: 'cancelled', 'error-code': 'lease_expired' });
    expect(await extrasOf(strong, young)).toMatchObject({ status: 'streaming' });
    expect(await strong.log.search({ kind: 'run-chore', limit: 1 })).toEqual([]);
  });
});

describe('a claim that is not held', () => {
  it.each([true, false])('appends nothing, on a node that is alone: %s', async (isAlone) => {
    const one = node({ isAlone });
    await one.say('ai-input', 'a');
    const { fence } = await claim(one);
    const serial = await openStream(one, 'a', fence);
    expect((await one.append(serial, fence)).status).toBe(200);
    expect((await one.append(serial, fence)).status).toBe(200);
    await one.ask('POST', `/channels/${CHANNEL}/runs/a/release`, { fence, outcome: 'retry' });
    expect(await one.append(serial, fence)).toMatchObject({ status: 409, body: { code: 'fenced' } });
    const next = await claim(one);
    expect(await one.append(serial, fence)).toMatchObject({ status: 409 });
    const own = await openStream(one, 'a', next.fence);
    expect((await one.append(own, next.fence)).status).toBe(200);
    await one.say('ai-run-end', 'a', { fence: next.fence, transport: { 'run-reason': 'complete' } });
    expect(await one.append(own, next.fence)).toMatchObject({ status: 409 });
  });
});

describe('a run that nobody claimed', () => {
  it('is given up when its agent falls silent in the middle of a message, and goes on as long as it writes', async () => {
    const one = node();
    await one.say('ai-run-start', 'a');
    const serial = await openStream(one, 'a');
    for (let times = 0; times < 3; times += 1) {
      await pass(50_000);
      expect((await one.append(serial)).status).toBe(200);
      expect(await runOf(one, 'a')).toMatchObject({ status: 'running' });
    }
    await pass(61_000);
    expect(await runOf(one, 'a')).toMatchObject({ status: 'lost', error: { code: 'orphan_timeout' } });
    expect(await eventsOf(one, 'ai-run-end')).toEqual([]);
  });

  it('is given ten minutes between two messages', async () => {
    const one = node();
    await one.say('ai-run-start', 'a');
    await pass(599_000);
    expect(await runOf(one, 'a')).toMatchObject({ status: 'running' });
    await pass(2_000);
    expect(await runOf(one, 'a')).toMatchObject({ status: 'lost' });
  });
});

describe('ended runs', () => {
  it('are forgotten after a day', async () => {
    const one = node();
    await one.say('ai-run-start', 'a');
    await one.say('ai-run-end', 'a', { transport: { 'run-reason': 'complete' } });
    await one.say('ai-run-start', 'b');
    await one.say('ai-run-suspend', 'b');
    vi.setSystemTime(Date.now() + ENDED_RUN_KEPT_MS + 1);
    const next = node({ log: one.log });
    await pass(1000);
    expect(await runOf(next, 'a')).toBeUndefined();
    expect(await runOf(next, 'b')).toMatchObject({ status: 'suspended' });
  });

  it('are a thousand in one channel, besides those that run', async () => {
    const one = node();
    await one.say('ai-run-start', 'live');
    for (let run = 0; run < 1200; run += 1) await one.say('ai-input', `r${run}`);
    await pass(0);
    const { records } = await one.log.records(key, RUN_KIND, { limit: 2000 });
    expect(records.length).toBeLessThanOrEqual(1000 + 64 + 1);
    expect(records.map(({ id }) => id)).toContain('live');
    expect(records[0]?.id).toBe('r1199');
  });
});

/** No message of it can be changed. */
function withoutChanges<Log extends object>(log: Log): Log {
  return new Proxy(log, {
    get(target, name) {
      if (name === 'mutate') return () => Promise.reject(new Error('the disk is full'));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

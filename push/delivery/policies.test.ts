// The small parts that decide: when to retry, when to leave a service alone, whose turn it is.
import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.ts';
import { FairSlots, type Release } from './fair-slots.ts';
import { type BatchJob, parseBatchJob } from './jobs.ts';
import { pointerPayload } from './pointer.ts';
import { Retries } from './retries.ts';
import { retryPauseMs } from './retry-policy.ts';

const POLICY = {
  maxAttempts: 5,
  initialBackoffMs: 1000,
  maxBackoffMs: 6000,
  maxElapsedMs: 60_000,
  jitter: 0,
  respectsRetryAfter: true,
};
const failed = { attempt: 1, elapsedMs: 0, key: 'k' };

describe('retryPauseMs', () => {
  it('doubles up to the longest pause and ends with the last attempt', () => {
    const pauses = [1, 2, 3, 4, 5].map((attempt) => retryPauseMs(POLICY, { ...failed, attempt }));
    expect(pauses).toEqual([1000, 2000, 4000, 6000, null]);
  });

  it('waits as the provider asked, however long', () => {
    expect(retryPauseMs(POLICY, { ...failed, retryAfterMs: 30_000 })).toBe(30_000);
    const deaf = { ...POLICY, respectsRetryAfter: false };
    expect(retryPauseMs(deaf, { ...failed, retryAfterMs: 30_000 })).toBe(1000);
  });

  it('gives up what would come too late', () => {
    expect(retryPauseMs(POLICY, { ...failed, elapsedMs: 59_001 })).toBeNull();
    expect(retryPauseMs(POLICY, { ...failed, elapsedMs: 59_000 })).toBe(1000);
  });

  it('varies by the share at most, the same for the same key', () => {
    const policy = { ...POLICY, jitter: 0.2 };
    const pauses = Array.from(
      { length: 200 },
      (_, key) => retryPauseMs(policy, { ...failed, key: `${key}` }) ?? 0,
    );
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(800);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1200);
    expect(new Set(pauses).size).toBeGreaterThan(100);
    expect(retryPauseMs(policy, failed)).toBe(retryPauseMs(policy, failed));
  });
});

describe('CircuitBreaker', () => {
  function breaker() {
    const clock = { nowMs: 1000 };
    return { clock, circuit: new CircuitBreaker({ failures: 3, openMs: 100 }, () => clock.nowMs) };
  }

  it('opens after so many failures in a row', () => {
    const { circuit } = breaker();
    circuit.failed('a');
    circuit.failed('a');
    circuit.succeeded('a');
    circuit.failed('a');
    circuit.failed('a');
    expect(circuit.waitMs('a')).toBe(0);
    circuit.failed('a');
    expect(circuit.waitMs('a')).toBe(100);
    expect(circuit.waitMs('b')).toBe(0);
    expect(circuit.opened).toBe(1);
  });

  it('lets one try when the time is over, and goes by what it finds', () => {
    const { clock, circuit } = breaker();
    for (let count = 0; count < 3; count += 1) circuit.failed('a');
    clock.nowMs += 100;
    expect(circuit.waitMs('a')).toBe(0);
    expect(circuit.waitMs('a')).toBeGreaterThan(0);
    circuit.failed('a');
    expect(circuit.waitMs('a')).toBe(100);
    clock.nowMs += 100;
    expect(circuit.waitMs('a')).toBe(0);
    circuit.succeeded('a');
    expect([circuit.waitMs('a'), circuit.waitMs('a')]).toEqual([0, 0]);
  });

  it('stays open as long as the service wants', () => {
    const { circuit } = breaker();
    for (let count = 0; count < 3; count += 1) circuit.failed('a', 5000);
    expect(circuit.waitMs('a')).toBe(5000);
  });
});

describe('FairSlots', () => {
  it('gives each app its turn, however many wait', async () => {
    const slots = new FairSlots(1);
    const order: string[] = [];
    const first = await slots.acquire('a');
    const run = async (appId: string): Promise<Release> => {
      const release = await slots.acquire(appId);
      order.push(appId);
      release();
      return release;
    };
    const all = ['a', 'a', 'a', 'b', 'c', 'b'].map(run);
    first();
    await Promise.all(all);
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
    await slots.acquire('d');
  });
});

describe('Retries', () => {
  const job: BatchJob = {
    appId: 'shop',
    publishId: 'p',
    provider: 'webPush',
    targets: [],
    attempt: 2,
    firstAttemptAtMs: 1,
  };
  const device = (deviceId: string) => ({ kind: 'device', deviceId }) as const;

  it('makes one job of those that wait alike', () => {
    const retries = new Retries(job, 1);
    retries.again(device('a'), 1000);
    retries.again(device('b'), 900);
    retries.again(device('c'), 5000);
    retries.later(device('d'), 1000);
    const jobs = retries.jobs().map(({ payload, delayMs }) => ({ ...parseBatchJob(payload), delayMs }));
    expect(jobs).toMatchObject([
      { targets: ['a', 'b'], attempt: 3, delayMs: 1000 },
      { targets: ['c'], attempt: 3, delayMs: 5000 },
      { targets: ['d'], attempt: 2, delayMs: 1000 },
    ]);
    expect(retries.counts(100)).toEqual({ scheduled: 3, nextAttemptAtMs: 1100 });
  });

  it('makes few jobs of many pauses, none of them shorter than asked for', () => {
    const retries = new Retries(job, 1);
    for (let seconds = 1; seconds <= 100; seconds += 1) retries.again(device(`${seconds}`), seconds * 1000);
    const jobs = retries.jobs();
    expect(jobs).toHaveLength(8);
    for (const { payload, delayMs = 0 } of jobs) {
      const longest = Math.max(...(parseBatchJob(payload)?.targets ?? []).map(Number));
      expect(delayMs).toBeGreaterThanOrEqual(longest * 1000);
    }
  });
});

describe('pointerPayload', () => {
  const long = 'ä'.repeat(5000);

  it.each([
    ['fcm', { message: { notification: { title: long, body: long }, data: { a: long } } }],
    ['apns', { headers: { 'apns-priority': '10' }, aps: { alert: { title: long, body: long } }, data: long }],
    [
      'webPush',
      { headers: { topic: 't' }, notification: { title: long }, data: { url: 'https://a.example/' } },
    ],
    ['hms', { message: { notification: { title: long } } }],
    ['wns', { type: 'toast', toast: { visual: { binding: { text: [long, long] } } } }],
  ] as const)('is short for %s and says what it points to', (provider, payload) => {
    const text = JSON.stringify(pointerPayload(provider, payload, 'publish-1'));
    expect(Buffer.byteLength(text)).toBeLessThan(800);
    expect(text).toContain('publish-1');
  });
});

import { SockudoRequestError } from 'sockudo';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunRecord } from '../wire/index.ts';
import type { Claim } from './claims.ts';
import { Lease } from './lease.ts';

// CAST: what a lease passes on unread.
const RECORD = { runId: 'r' } as RunRecord;
const CLAIM: Claim = { channel: 'c', run: RECORD, fence: 'r:1' };

let answers: (() => Promise<RunRecord>)[];
let beats: number;
let told: string[];
let lease: Lease;

beforeEach(() => {
  vi.useFakeTimers();
  [answers, beats, told] = [[], 0, []];
  lease = new Lease({
    claims: {
      heartbeat() {
        beats += 1;
        return answers.shift()?.() ?? Promise.resolve(RECORD);
      },
    },
    claim: CLAIM,
    leaseMs: 3000,
    onRecord: () => told.push('record'),
    onLost: (error) => told.push(`lost: ${error.code}`),
    onError: () => told.push('error'),
  });
});
afterEach(() => {
  lease.stop();
  vi.useRealTimers();
});

const refused = (status: number, code: string) => () =>
  Promise.reject(
    new SockudoRequestError('no', { url: '', status, body: JSON.stringify({ code }), isRetryable: false }),
  );
const never = () => new Promise<RunRecord>(() => {});

describe('a lease', () => {
  it('beats each third of its time, for as long as it is kept', async () => {
    await vi.advanceTimersByTimeAsync(30_000);
    expect(beats).toBe(30);
    expect(new Set(told)).toEqual(new Set(['record']));
    lease.stop();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(beats).toBe(30);
  });

  it.each([
    [409, 'fenced'],
    [404, 'not_found'],
  ])('is lost when the server says %i %s, once', async (status, code) => {
    answers = [refused(status, code), refused(status, code)];
    await Promise.all([lease.beat(), lease.beat()]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(told).toEqual(['lost: fenced']);
    expect(beats).toBe(2);
  });

  it('outlives a failure, but not its time', async () => {
    answers = [refused(503, 'x')];
    await vi.advanceTimersByTimeAsync(2000);
    expect(told).toEqual(['error', 'record']);
    answers = [refused(503, 'x'), refused(503, 'x')];
    await vi.advanceTimersByTimeAsync(2999);
    expect(told.slice(2)).toEqual(['error', 'error']);
    await vi.advanceTimersByTimeAsync(1);
    expect(told.slice(4)).toEqual(['lost: fenced']);
  });

  it('does not wait for a beat that hangs, and does not count on one', async () => {
    answers = [never, () => Promise.resolve(RECORD), never, never, never];
    await vi.advanceTimersByTimeAsync(4000);
    expect(told).toEqual(['record']);
    await vi.advanceTimersByTimeAsync(2000);
    expect(told).toEqual(['record', 'lost: fenced']);
  });
});

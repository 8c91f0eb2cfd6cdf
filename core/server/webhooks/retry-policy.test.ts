import { describe, expect, it } from 'vitest';
import { retryPauseMs, verdictOf } from './retry-policy.ts';

describe('verdictOf', () => {
  it.each([200, 201, 204, 299])('takes %i as delivered', (status) => {
    expect(verdictOf(status)).toBe('delivered');
  });
  it.each([408, 409, 425, 429, 500, 502, 503, 504, 599])('tries again after %i', (status) => {
    expect(verdictOf(status)).toBe('retry');
  });
  it.each([301, 302, 304, 307, 400, 401, 403, 404, 410, 413, 422])('gives up after %i', (status) => {
    expect(verdictOf(status)).toBe('refused');
  });
});

describe('retryPauseMs', () => {
  const policy = {
    enabled: true,
    maxAttempts: null,
    maxElapsedMs: 300_000,
    initialBackoffMs: 1_000,
    maxBackoffMs: 60_000,
  };
  const pauses = (attempts: number) =>
    Array.from({ length: attempts }, (_, index) =>
      retryPauseMs(policy, { attempt: index + 1, elapsedMs: 0 }),
    );

  it('doubles up to the longest pause', () => {
    expect(pauses(8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(retryPauseMs(policy, { attempt: 5_000, elapsedMs: 0 })).toBe(60_000);
  });

  it('ends with the time allowed', () => {
    expect(retryPauseMs(policy, { attempt: 7, elapsedMs: 240_000 })).toBe(60_000);
    expect(retryPauseMs(policy, { attempt: 7, elapsedMs: 240_001 })).toBe(null);
  });

  it('ends with the attempts', () => {
    expect(retryPauseMs({ ...policy, maxAttempts: 2 }, { attempt: 1, elapsedMs: 0 })).toBe(1_000);
    expect(retryPauseMs({ ...policy, maxAttempts: 2 }, { attempt: 2, elapsedMs: 0 })).toBe(null);
  });

  it('is null when retries are off', () => {
    expect(retryPauseMs({ ...policy, enabled: false }, { attempt: 1, elapsedMs: 0 })).toBe(null);
  });
});

import { describe, expect, it } from 'vitest';
import { SockudoRequestError } from './errors.ts';
import { retryAfterMs, retryDelayMs, withRetries } from './retry.ts';

const always = { maxAttempts: 10, isIdempotent: true };

function failure(
  fields: Partial<ConstructorParameters<typeof SockudoRequestError>[1]> = {},
): SockudoRequestError {
  return new SockudoRequestError('failed', { url: 'http://h/', isRetryable: true, ...fields });
}

describe('retryDelayMs', () => {
  it('waits below a ceiling that doubles up to its maximum', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7].map((attempt) =>
      retryDelayMs(failure(), attempt, always, () => 0.999999),
    );
    expect(longest).toEqual([399, 799, 1599, 3199, 4999, 4999, 4999]);
    expect(retryDelayMs(failure(), 5, always, () => 0)).toBe(0);
  });

  it('keeps to Retry-After, and gives up on one that is too long', () => {
    expect(retryDelayMs(failure({ status: 503, retryAfterMs: 1000 }), 1, always, () => 0)).toBe(1000);
    expect(retryDelayMs(failure({ status: 429, retryAfterMs: 31_000 }), 1, always, () => 0)).toBe(null);
  });

  it('ends with the attempts', () => {
    expect(retryDelayMs(failure(), 2, { ...always, maxAttempts: 2 }, () => 0)).toBe(null);
  });

  it('repeats a call without a key only when it was not carried out', () => {
    const rules = { maxAttempts: 3, isIdempotent: false };
    expect(retryDelayMs(failure({ status: 500 }), 1, rules, () => 0)).toBe(null);
    expect(retryDelayMs(failure(), 1, rules, () => 0)).toBe(null);
    expect(retryDelayMs(failure({ status: 429 }), 1, rules, () => 0)).toBe(0);
  });

  it('does not repeat final failures and foreign errors', () => {
    expect(retryDelayMs(failure({ status: 400, isRetryable: false }), 1, always, () => 0)).toBe(null);
    expect(retryDelayMs(new TypeError('x'), 1, always, () => 0)).toBe(null);
  });
});

describe('withRetries', () => {
  it('waits as decided and rejects with the last failure', async () => {
    const waits: number[] = [];
    const clock = { wait: async (ms: number) => void waits.push(ms), random: () => 0.5 };
    let count = 0;
    const run = withRetries(
      { maxAttempts: 3, isIdempotent: true },
      async () => {
        count += 1;
        throw failure({ status: 500 + count });
      },
      clock,
    );
    await expect(run).rejects.toMatchObject({ status: 503 });
    expect(waits).toEqual([200, 400]);
  });
});

describe('retryAfterMs', () => {
  it.each<[string | null, number | null]>([
    ['0', 0],
    ['17', 17_000],
    ['Thu, 01 Jan 1970 00:01:05 GMT', 5_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['-1', null],
    ['soon', null],
    ['', null],
    [null, null],
  ])('reads %j', (header, expected) => {
    expect(retryAfterMs(header, 60_000)).toBe(expected);
  });
});

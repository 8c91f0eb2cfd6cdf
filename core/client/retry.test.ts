import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BACKOFF_CAP_MS,
  backoffDelayMs,
  closeAction,
  IMMEDIATE_SPREAD_MS,
  immediateDelayMs,
  RetryCounter,
  STABLE_AFTER_MS,
} from './retry.ts';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoffDelayMs', () => {
  it('doubles its window up to the cap and uses all of it', () => {
    const windows = [0, 1, 2, 3, 4, 5, 6, 40].map((attempt) => backoffDelayMs(attempt, 1));
    expect(windows).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(backoffDelayMs(7, 0)).toBe(0);
  });

  it('stays within 0 and the cap for any attempt and chance', () => {
    fc.assert(
      fc.property(fc.nat(), chance, (attempt, random) => {
        const delay = backoffDelayMs(attempt, random);
        return Number.isInteger(delay) && delay >= 0 && delay <= BACKOFF_CAP_MS;
      }),
    );
  });

  it('spreads an immediate reconnect a little', () => {
    fc.assert(fc.property(chance, (random) => immediateDelayMs(random) <= IMMEDIATE_SPREAD_MS));
  });
});

describe('closeAction', () => {
  it.each([
    [1000, 'lost-backoff'],
    [1001, 'lost-backoff'],
    [1002, 'lost-backoff'],
    [1005, 'lost-backoff'],
    [1006, 'lost-backoff'],
    [3999, 'lost-backoff'],
    [4000, 'refused'],
    [4001, 'refused'],
    [4009, 'refused'],
    [4099, 'refused'],
    [4100, 'lost-backoff'],
    [4199, 'lost-backoff'],
    [4200, 'lost-retry-now'],
    [4201, 'lost-retry-now'],
    [4299, 'lost-retry-now'],
    [4300, 'refused'],
    [4301, 'refused'],
    [4999, 'refused'],
  ])('%i -> %s', (code, action) => {
    expect(closeAction(code)).toBe(action);
  });
});

describe('RetryCounter', () => {
  it('never gives up, and grows while nothing succeeds', () => {
    const counter = new RetryCounter();
    const delays = Array.from({ length: 8 }, () => counter.nextDelayMs('retry-backoff', 1));
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('takes "now" at its word once, then backs off from a server that keeps saying it', () => {
    const counter = new RetryCounter();
    const delays: number[] = [];
    for (let round = 0; round < 3; round++) {
      counter.established(round);
      counter.lost(round);
      delays.push(counter.nextDelayMs('retry-now', 1));
    }
    expect(delays).toEqual([IMMEDIATE_SPREAD_MS, 2000, 4000]);
  });

  it('starts over after a connection that held', () => {
    const counter = new RetryCounter();
    counter.nextDelayMs('retry-backoff', 1);
    counter.nextDelayMs('retry-backoff', 1);
    counter.established(0);
    counter.lost(STABLE_AFTER_MS - 1);
    expect(counter.nextDelayMs('retry-backoff', 1)).toBe(4000);
    counter.established(0);
    counter.lost(STABLE_AFTER_MS);
    expect(counter.nextDelayMs('retry-backoff', 1)).toBe(1000);
  });
});

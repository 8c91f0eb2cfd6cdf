import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { applePrices, bitcoinPrices } from './recorded-prices.ts';
import type { Reading } from './source.ts';

const YEAR_OF_REPLAY_MS = 366 * 500;

describe('recorded prices', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('come in the rhythm in which they were recorded, week-ends included', () => {
    const seen: { at: number; day: string | undefined }[] = [];
    const startedAt = Date.now();
    const stop = applePrices.start(([reading]) =>
      seen.push({ at: Date.now() - startedAt, day: reading?.at.toISOString().slice(0, 10) }),
    );
    vi.advanceTimersByTime(3000);
    stop();
    expect(seen).toEqual([
      { at: 0, day: '2007-04-24' },
      { at: 500, day: '2007-04-25' },
      { at: 1000, day: '2007-04-26' },
      { at: 1500, day: '2007-04-27' },
      { at: 3000, day: '2007-04-30' },
    ]);
  });

  it('begin again after the last', () => {
    const seen: Reading[] = [];
    const stop = bitcoinPrices.start((readings) => seen.push(...readings));
    vi.advanceTimersByTime(YEAR_OF_REPLAY_MS);
    stop();
    const days = seen.map(({ at }) => at.toISOString().slice(0, 10));
    const last = days.indexOf('2017-07-03');
    expect(days.slice(last, last + 3)).toEqual(['2017-07-03', '2016-07-04', '2016-07-05']);
    expect(seen.every(({ value }) => value > 100 && value < 10_000)).toBe(true);
  });

  it('say what they are', () => {
    expect(applePrices.instruments).toEqual([
      {
        symbol: 'AAPL',
        name: 'Apple share',
        unit: 'usd',
        kind: 'replay',
        about: 'Recorded daily, 24 Apr 2007 to 1 May 2012',
      },
    ]);
  });

  it('stop', () => {
    const seen: Reading[] = [];
    applePrices.start((readings) => seen.push(...readings))();
    vi.advanceTimersByTime(5000);
    expect(seen).toHaveLength(1);
  });
});

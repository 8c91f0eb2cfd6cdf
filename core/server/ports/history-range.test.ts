import { NO_BOUNDS } from '@sockudo/protocol';
import { describe, expect, it } from 'vitest';
import type { ReadRange } from './channel-log.ts';
import { isTruncated, unchangedWindow } from './history-range.ts';

describe('truncation by retention', () => {
  const retained = {
    head: { streamId: 's', serial: 9 },
    oldestSerial: 4,
    newestSerial: 9,
    oldestPublishedAtMs: 400,
    newestPublishedAtMs: 900,
    messages: 6,
    bytes: 60,
  };
  it.each([
    [{}, true],
    [{ start_serial: 4 }, false],
    [{ start_serial: 3 }, true],
    [{ start_time_ms: 400 }, false],
    [{ start_time_ms: 399 }, true],
    [{ end_serial: 5 }, true],
  ])('%j -> %j', (bounds, expected) => {
    expect(isTruncated({ ...NO_BOUNDS, ...bounds }, retained)).toBe(expected);
  });

  it('is none where nothing ever went, or nothing is left', () => {
    expect(isTruncated(NO_BOUNDS, { ...retained, oldestSerial: 1 })).toBe(false);
    expect(isTruncated(NO_BOUNDS, { ...retained, oldestSerial: null })).toBe(false);
  });
});

describe('serials of a range in which nothing has changed', () => {
  const state = {
    head: { streamId: 's', serial: 9 },
    oldestSerial: 4,
    newestSerial: 9,
    oldestPublishedAtMs: 400,
    newestPublishedAtMs: 900,
    messages: 6,
    bytes: 60,
  };
  const all: ReadRange = { direction: 'oldest-first', limit: 10 };
  it.each([
    [{}, { low: 4, high: 9 }],
    [
      { startSerial: 6, endSerial: 20 },
      { low: 6, high: 9 },
    ],
    [{ from: { streamId: 's', serial: 5 } }, { low: 6, high: 9 }],
    [
      { direction: 'newest-first', from: { streamId: 's', serial: 5 } },
      { low: 4, high: 4 },
    ],
    [{ from: { streamId: 'other', serial: 5 } }, null],
    [{ from: { streamId: 's', serial: 2 } }, null],
    [{ endTimeMs: 500 }, null],
  ] as const)('%j -> %j', (range, expected) => {
    expect(unchangedWindow({ ...all, ...range }, state)).toEqual(expected);
  });

  it('are unknown where there are fewer messages than serials, or none', () => {
    expect(unchangedWindow(all, { ...state, messages: 5 })).toBeNull();
    expect(unchangedWindow(all, { ...state, messages: 0, oldestSerial: null })).toBeNull();
  });
});

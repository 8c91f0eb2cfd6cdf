import { NO_BOUNDS } from '@sockudo/protocol';
import { describe, expect, it } from 'vitest';
import { isTruncated } from './history-range.ts';

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

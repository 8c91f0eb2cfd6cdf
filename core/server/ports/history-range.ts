// What a request for a page of history means to a log, the same for messages and for transitions of presence: the range to read,
// whether retention took something of it, and whether its rows are known by their serials alone.
import type { HistoryBounds, HistoryQuery } from '@sockudo/protocol';
import type { ReadRange, StreamState } from './channel-log.ts';
import { continuityGap, serialWindow } from './log-rules.ts';

export function rangeOf({ direction, limit, bounds, cursor }: HistoryQuery): ReadRange {
  const { start_serial, end_serial, start_time_ms, end_time_ms } = bounds;
  return {
    direction: direction === 'oldest_first' ? 'oldest-first' : 'newest-first',
    limit,
    ...(cursor !== null && { from: { streamId: cursor.stream_id, serial: cursor.serial } }),
    ...(start_serial !== null && { startSerial: start_serial }),
    ...(end_serial !== null && { endSerial: end_serial }),
    ...(start_time_ms !== null && { startTimeMs: start_time_ms }),
    ...(end_time_ms !== null && { endTimeMs: end_time_ms }),
  };
}

/**
 * Whether retention has cut off what a request from these bounds on would have begun with (http.md section 5.1). The first entry
 * of every channel has serial 1.
 */
export function isTruncated({ start_serial, start_time_ms }: HistoryBounds, retained: StreamState): boolean {
  const { oldestSerial, oldestPublishedAtMs } = retained;
  if (oldestSerial === null || oldestPublishedAtMs === null) return false;
  if (start_serial === null && start_time_ms === null) return oldestSerial > 1;
  if (start_serial !== null && start_serial < oldestSerial) return true;
  return start_time_ms !== null && start_time_ms < oldestPublishedAtMs;
}

/**
 * The serials of a range (inclusive; low > high: none) where each of them is a message that nothing has changed. Every change takes
 * a serial after that of its message, so there was none if there are as many messages as serials from the oldest message on.
 * @returns null where there was a change, where times say what belongs to the range, and where it cannot be continued
 */
export function unchangedWindow(range: ReadRange, state: StreamState): { low: number; high: number } | null {
  const { head, oldestSerial, messages } = state;
  if (oldestSerial === null || messages !== head.serial - oldestSerial + 1) return null;
  if (range.startTimeMs !== undefined || range.endTimeMs !== undefined) return null;
  if (continuityGap(range, head, oldestSerial) !== null) return null;
  return serialWindow(range, oldestSerial, head.serial);
}

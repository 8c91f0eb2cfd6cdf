// What a request for a page of history means to a log, the same for messages and for transitions of presence: the range to read,
// and whether retention took something of it.
import type { HistoryBounds, HistoryQuery } from '@sockudo/protocol';
import type { ReadRange, StreamState } from './channel-log.ts';

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

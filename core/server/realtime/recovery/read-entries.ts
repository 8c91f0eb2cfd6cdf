// Where recovery reads the log: every entry of a channel after a position, in the order of its number line.
import type { ChannelKey, ChannelLog, Position } from '../../ports/channel-log.ts';
import type { ReplayResult } from '../../ports/message-log.ts';

export function readEntries(
  log: ChannelLog,
  key: ChannelKey,
  from: Position,
  limit: number,
): Promise<ReplayResult> {
  return log.read(key, { direction: 'oldest-first', from, limit });
}

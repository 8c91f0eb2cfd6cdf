// Where recovery reads the log: every entry of a channel after a position, in the order of its number line.
import type { ChannelKey, Position } from '../../ports/channel-log.ts';
import type { DurableLog } from '../../ports/index.ts';
import type { ReplayResult } from '../../ports/message-log.ts';

export function readEntries(
  log: DurableLog,
  key: ChannelKey,
  from: Position,
  limit: number,
): Promise<ReplayResult> {
  if (typeof log.replay === 'function') return log.replay(key, from, limit);
  return (log as DurableLog).read(key, { direction: 'oldest-first', from, limit });
}

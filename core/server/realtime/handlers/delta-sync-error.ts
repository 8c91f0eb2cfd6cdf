// delta_sync_error: the client could not use a delta. Never answered; the channel's next messages are sent whole.
import { type ClientFrame, isJsonObject, stringMember, tryParseJson } from '@sockudo/protocol';
import type { Connection } from '../connection.ts';

export function handleDeltaSyncError(connection: Connection, frame: ClientFrame): void {
  const data = typeof frame.data === 'string' ? tryParseJson(frame.data) : frame.data;
  const channel = isJsonObject(data) ? stringMember(data, 'channel') : undefined;
  if (channel !== undefined) connection.deltas?.forget(channel);
}

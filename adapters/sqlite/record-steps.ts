// The part of a step that changes records: where it finds what was there before, and how what it makes of them is written.
import {
  type ChannelKey,
  type RecordSource,
  type RecordWrites,
  StoreUnavailable,
} from '@sockudo/server/ports';
import type { ChannelTable } from './channel-table.ts';
import type { RecordTable } from './record-table.ts';

/** The records as the transaction at work leaves them. */
export function recordSource(channels: ChannelTable, records: RecordTable): RecordSource {
  const idOf = (key: ChannelKey): number | null => channels.open(key).assigned.id;
  return {
    find(key, kind, id) {
      const channelId = idOf(key);
      return channelId === null ? null : reading(() => records.find(channelId, key, kind, id));
    },
    lastOrdinal(key, kind) {
      const channelId = idOf(key);
      return channelId === null ? 0 : reading(() => records.lastOrdinal(channelId, kind));
    },
  };
}

/** Inside a transaction, after the channels have their rows. */
export function writeRecords(channels: ChannelTable, records: RecordTable, writes: RecordWrites): void {
  for (const write of writes.records) records.write(rowOf(channels, write.key), write);
  for (const { key, kind, ordinal } of writes.ordinals) {
    records.useOrdinal(rowOf(channels, key), kind, ordinal);
  }
}

function rowOf(channels: ChannelTable, key: ChannelKey): number {
  const { id } = channels.open(key).assigned;
  if (id === null) throw new Error('a record of a channel without a row');
  return id;
}

/** Not the refusal of whoever changes a record, but the store's failure. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new StoreUnavailable('a record could not be read', { cause: error });
  }
}

// A channel inside a transaction that has locked its row: what it is and what the operations of the transaction have made of it.
import { type ChannelKey, entryBytes, type LogEntry, type Retention } from '@sockudo/server/ports';
import { type ChannelRow, retentionOf } from './rows.ts';

export interface Place {
  readonly serial: number;
  readonly publishedAtMs: number;
}

export class ChannelStanding {
  readonly key: ChannelKey;
  /** Null: the channel was never written to and has no row. */
  logId: number | null = null;
  streamId: string;
  headSerial = 0;
  messagesTotal = 0;
  bytesTotal = 0;
  lastPublishedAtMs = 0;
  oldestSerial = 1;
  purgedBelow = 1;
  versionsSinceMs = 0;
  retention: Retention = {};
  isChanged = false;
  /** What readers would find of its messages may have changed since the transaction began. */
  isReshaped = false;

  constructor(key: ChannelKey, streamId: string) {
    this.key = key;
    this.streamId = streamId;
  }

  take(row: ChannelRow): void {
    this.logId = row.log_id;
    this.streamId = row.stream_id;
    this.headSerial = row.head_serial;
    this.messagesTotal = row.messages_total;
    this.bytesTotal = row.bytes_total;
    this.lastPublishedAtMs = row.last_published_at_ms;
    this.oldestSerial = row.oldest_serial;
    this.purgedBelow = row.purged_below;
    this.versionsSinceMs = row.versions_since_ms;
    this.retention = retentionOf(row);
  }

  /** The place of the next entry, or of the one after `earlier` that is drawn but not taken in yet (L1, L7). */
  nextPlace(publishedAtMs: number, earlier?: Place): Place {
    return {
      serial: (earlier?.serial ?? this.headSerial) + 1,
      publishedAtMs: Math.max(publishedAtMs, earlier?.publishedAtMs ?? this.lastPublishedAtMs),
    };
  }

  advance({ serial, publishedAtMs }: Place): void {
    this.headSerial = serial;
    this.lastPublishedAtMs = publishedAtMs;
    this.isChanged = true;
  }

  addCreate(entry: LogEntry): void {
    this.advance(entry);
    this.messagesTotal += 1;
    this.bytesTotal += entryBytes(entry);
    const { messages, bytes } = this.retention;
    if (messages !== undefined || bytes !== undefined) this.isReshaped = true;
  }

  /** Numbering from 1 in a log of its own. */
  beginAnew(logId: number, streamId: string): void {
    this.logId = logId;
    this.streamId = streamId;
    this.headSerial = 0;
    this.messagesTotal = 0;
    this.bytesTotal = 0;
    this.lastPublishedAtMs = 0;
    this.oldestSerial = 1;
    this.purgedBelow = 1;
    this.versionsSinceMs = 0;
    this.retention = {};
    this.isChanged = true;
    this.isReshaped = true;
  }
}

/** The length in front keeps any two keys apart. */
export const channelName = ({ appId, channel }: ChannelKey): string => `${appId.length}:${appId}${channel}`;

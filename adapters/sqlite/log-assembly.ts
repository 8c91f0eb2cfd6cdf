// Puts a log together: tables, views, what waits in memory, the background sweep. Knows who needs whom, and nothing else.
import { AnnotationTable } from './annotation-table.ts';
import { ChannelTable } from './channel-table.ts';
import type { Database } from './database.ts';
import { EntrySettler } from './entry-settler.ts';
import { EntryTable } from './entry-table.ts';
import type { Participant } from './group-commit.ts';
import { HotMessages } from './hot-messages.ts';
import type { LogTables } from './log-operations.ts';
import { LogView } from './log-view.ts';
import { MessageView } from './message-view.ts';
import { ReceiptTable } from './receipt-table.ts';
import { Receipts } from './receipts.ts';
import { RecentEntries } from './recent-entries.ts';
import { RecentReceipts } from './recent-receipts.ts';
import { RecentVersions } from './recent-versions.ts';
import { recordSource } from './record-steps.ts';
import { RecordTable } from './record-table.ts';
import { RetentionSweep } from './retention-sweep.ts';
import { RowRemoval } from './row-removal.ts';
import { TextCache } from './text-cache.ts';
import { VersionTable } from './version-table.ts';

export interface AssemblyOptions {
  readonly now: () => number;
  readonly maxCachedChannels: number;
  readonly maxRecentEntries: number;
  readonly maxRecentVersions: number;
  readonly maxRecentReceipts: number;
}

export interface LogAssembly {
  readonly tables: LogTables;
  readonly sweep: RetentionSweep;
  /** To join the group commit, in this order: the settler changes rows of channels. */
  readonly participants: readonly Participant[];
}

export function assembleLog(database: Database, options: AssemblyOptions): LogAssembly {
  const { connection, writer } = database;
  const { now } = options;
  const channels = new ChannelTable(connection, options.maxCachedChannels);
  // In this order: after a start, versions come on top of what the creates tell.
  const recent = new RecentEntries(connection, options.maxRecentEntries);
  const recentVersions = new RecentVersions(connection, options.maxRecentVersions);
  const entries = new EntryTable(connection, recent);
  const versions = new VersionTable(connection, recentVersions);
  const annotations = new AnnotationTable(connection);
  const receiptTable = new ReceiptTable(connection);
  const receipts = new Receipts({
    recent: new RecentReceipts(connection),
    table: receiptTable,
    maxRows: options.maxRecentReceipts,
    now,
  });
  const records = new RecordTable(connection);
  const hot = new HotMessages();
  const texts = new TextCache();
  const view = new LogView(entries, now);
  const messages = new MessageView({ entries, versions, annotations, hot, texts, view, now });
  const settler = new EntrySettler({ channels, entries, recent, versions, recentVersions, view });
  const kept = { channels, entries, versions, recentVersions, annotations, records, hot };
  const removal = new RowRemoval({ ...kept, view, now });
  const sweep = new RetentionSweep({
    connection,
    channels,
    receipts,
    receiptTable,
    removal,
    settler,
    writer,
    now,
  });
  const markSurplus = (channelId: number): void => sweep.markSurplus(channelId);
  const rows = { channels, recent, recentVersions, annotations, hot, receipts };
  return {
    tables: {
      ...rows,
      records,
      recordSource: recordSource(channels, records),
      view,
      messages,
      now,
      markSurplus,
    },
    sweep,
    participants: [settler, recent, recentVersions, receipts, annotations, records, hot, texts, channels],
  };
}

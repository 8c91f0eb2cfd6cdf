export { historySerialOf } from '@sockudo/protocol';
export type { Bus, BusCounts, BusListener, BusState } from './bus.ts';
export type { Cache, CachedValue } from './cache.ts';
export {
  type ChannelKey,
  type ChannelLog,
  type Commit,
  type CommitResult,
  type EntryDraft,
  type Gap,
  type GapReason,
  type LogEntry,
  type Position,
  type ReadRange,
  type ReadResult,
  type Receipt,
  type ReceiptDraft,
  type Retention,
  StoreUnavailable,
  type StreamState,
} from './channel-log.ts';
export type {
  ChannelRecord,
  ChannelRecords,
  RecordChange,
  RecordContent,
  RecordOccasion,
  RecordPage,
  RecordResult,
  RecordSearch,
} from './channel-records.ts';
export type { ControlSignal, Envelope, Fanout, FanoutListener } from './fanout.ts';
export type {
  AttemptEnd,
  Claim,
  ClaimedJob,
  JobDraft,
  JobStore,
  Lease,
  SharedJobStore,
} from './job-store.ts';
export {
  type KeyedEntry,
  type KeyedOperation,
  type KeyedPage,
  type KeyedScan,
  type KeyedStore,
  MAX_BATCH_BYTES,
  MAX_BATCH_OPERATIONS,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  StoreFull,
  type WriteOptions,
  type WriteResult,
} from './keyed-store.ts';
export {
  descendingNumber,
  descendingPart,
  entryKey,
  keyParts,
  keyPrefix,
  numberPart,
  partNumber,
} from './keyed-store-keys.ts';
export {
  checkedBatch,
  checkKeys,
  checkScan,
  compareKeys,
  conflictingKeys,
  expectedKeys,
  type KeyedBatch,
  type KeyedChange,
  MAX_PAGE_BYTES,
  scanRange,
} from './keyed-store-rules.ts';
export { createLeasedWorkQueue, type LeasedWorkQueueOptions } from './leased-work-queue.ts';
export {
  answerReceipts,
  continuityGap,
  entryBytes,
  entryOf,
  isSameRetention,
  receiptVerdict,
  serialWindow,
} from './log-rules.ts';
export type { Message, MessagePosition, MessageVersion } from './message.ts';
export type {
  AnnotationDraft,
  AnnotationEntry,
  AnnotationRecord,
  AnnotationResult,
  DurableLog,
  HistoryRow,
  MessageLog,
  MessageState,
  MutationAction,
  MutationDraft,
  MutationResult,
  Projection,
  ReplayEntry,
  ReplayResult,
  RowsResult,
  VersionDraft,
  VersionEntry,
  VersionsRange,
} from './message-log.ts';
export {
  isSettled,
  joinFragments,
  messageStateOf,
  nextVersion,
  type StoredVersion,
  type VersionPlace,
  versionEntryOf,
  versionsKeptFromMs,
} from './message-rules.ts';
export type { NodeWatch, NodeWatchListener } from './node-watch.ts';
export type { Occupancy } from './occupancy.ts';
export type { JoinRequest, JoinResult, Member, Presence } from './presence.ts';
export {
  changeRecords,
  commitRecords,
  isSearchedFor,
  NO_RECORD_WRITES,
  occasionOf,
  type RecordRefusal,
  type RecordSource,
  type RecordWrite,
  type RecordWrites,
  type UsedOrdinal,
} from './record-rules.ts';
export {
  type DeadLetter,
  type Job,
  type JobCounts,
  type JobHandler,
  type JobOutcome,
  type JobWorker,
  type NewJob,
  QueueFull,
  type WorkQueue,
} from './work-queue.ts';

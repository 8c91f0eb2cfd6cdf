// The change of one record alone, as an operation of the group commit. With entries and versions, records change in their operations.
import {
  type ChannelKey,
  changeRecords,
  NO_RECORD_WRITES,
  type RecordChange,
  type RecordResult,
  type RecordWrites,
} from '@sockudo/server/ports';
import { LogOperation, type LogTables } from './log-operations.ts';
import { writeRecords } from './record-steps.ts';

/** The content of a change is known only once it is planned. */
const ASSUMED_BYTES = 1024;

export class ChangeRecordOperation extends LogOperation<RecordResult> {
  readonly bytes = ASSUMED_BYTES;
  readonly #tables: LogTables;
  readonly #key: ChannelKey;
  readonly #change: RecordChange;
  #writes: RecordWrites = NO_RECORD_WRITES;

  constructor(tables: LogTables, key: ChannelKey, change: RecordChange) {
    super();
    this.#tables = tables;
    this.#key = key;
    this.#change = change;
  }

  override plan(): void {
    this.#writes = NO_RECORD_WRITES;
    const { recordSource } = this.#tables;
    const { kind, id } = this.#change;
    const changed = changeRecords(recordSource, this.#key, [this.#change], null);
    if (changed.kind === 'refused') {
      this.result = changed;
      return;
    }
    this.#writes = changed;
    const [write] = changed.records;
    this.result = {
      kind: 'changed',
      record: write === undefined ? recordSource.find(this.#key, kind, id) : write.after,
    };
  }

  override write(): void {
    if (this.#writes.records.length === 0) return;
    const { channels, records, now } = this.#tables;
    const channel = channels.open(this.#key);
    if (channel.assigned.id === null) channels.store(channel, channel.assigned.streamId, now());
    writeRecords(channels, records, this.#writes);
  }
}

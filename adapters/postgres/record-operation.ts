// The change of one record alone. With entries and versions, records change in their operations.
import { type ChannelKey, changeRecords, type RecordChange, type RecordResult } from '@sockudo/server/ports';
import { LogOperation, type Touched } from './log-operation.ts';
import type { WriteStep } from './write-step.ts';

export class ChangeRecordOperation extends LogOperation<RecordResult> {
  readonly touches: readonly Touched[];
  readonly receipts = [];
  readonly messages = [];
  /** The content of a change is known only once it is made. */
  readonly bytes = 1024;
  readonly #key: ChannelKey;
  readonly #change: RecordChange;

  constructor(key: ChannelKey, change: RecordChange) {
    super();
    this.#key = key;
    this.#change = change;
    this.touches = [{ key, isWritten: true }];
  }

  protected override async write({ records }: WriteStep): Promise<RecordResult> {
    const { kind, id } = this.#change;
    await records.load(this.#key, [this.#change]);
    const changed = changeRecords(records, this.#key, [this.#change], null);
    if (changed.kind === 'refused') return changed;
    records.stage(changed);
    return { kind: 'changed', record: records.find(this.#key, kind, id) };
  }
}

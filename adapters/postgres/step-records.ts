// The records of a transaction whose channels are locked: what it has read of them, what its operations made of them, and what is
// to be written. A record is read when the first operation asks for it.
import type {
  ChannelKey,
  ChannelRecord,
  RecordChange,
  RecordSource,
  RecordWrite,
  RecordWrites,
} from '@sockudo/server/ports';
import { type ChannelRecordRow, channelRecordOfRow } from './rows.ts';
import { columnsOf } from './staged-rows.ts';
import { toStored } from './stored-text.ts';

export interface StepRecordsDeps {
  readonly query: <Row>(name: string, values: readonly unknown[]) => Promise<Row[]>;
  /** Null: the channel was never written to. */
  readonly logIdOf: (key: ChannelKey) => number | null;
}

type LoadedRow = { readonly last_ordinal: number } & (
  | Omit<ChannelRecordRow, 'kind' | 'id'>
  | { readonly ordinal: null }
);

interface Staged {
  readonly place: readonly [number, string, string];
  readonly after: ChannelRecord | null;
}

export class StepRecords implements RecordSource {
  readonly #deps: StepRecordsDeps;
  /** As the operations before have left them. */
  readonly #records = new Map<string, ChannelRecord | null>();
  readonly #ordinals = new Map<string, number>();
  /** Those that are new come in the order in which they were made. */
  #toSave = new Map<string, Staged>();
  /** Rows that have to go before others can be saved. */
  #toRemove = new Map<string, Staged['place']>();
  #toCount = new Map<string, readonly [number, string, number]>();

  constructor(deps: StepRecordsDeps) {
    this.#deps = deps;
  }

  /** Reads what `find` and `lastOrdinal` will be asked for. */
  async load(key: ChannelKey, changes: readonly RecordChange[]): Promise<void> {
    const logId = this.#deps.logIdOf(key);
    if (logId === null) return;
    const wanted = changes.filter(({ kind, id }) => !this.#records.has(placeName(logId, kind, id)));
    if (wanted.length === 0) return;
    const columns = columnsOf(wanted.map(({ kind, id }) => [logId, toStored(kind), toStored(id)]));
    const rows = await this.#deps.query<LoadedRow>('load-records', columns);
    for (const [index, { kind, id }] of wanted.entries()) {
      const row = rows[index];
      if (row === undefined) throw new Error('each record that is asked for is answered');
      const record =
        row.ordinal === null ? null : { ...channelRecordOfRow({ ...row, kind: '', id: '' }, key), kind, id };
      this.#records.set(placeName(logId, kind, id), record);
      const ordinals = placeName(logId, kind, '');
      if (!this.#ordinals.has(ordinals)) this.#ordinals.set(ordinals, row.last_ordinal);
    }
  }

  find(key: ChannelKey, kind: string, id: string): ChannelRecord | null {
    return this.#records.get(placeName(this.#deps.logIdOf(key), kind, id)) ?? null;
  }

  lastOrdinal(key: ChannelKey, kind: string): number {
    return this.#ordinals.get(placeName(this.#deps.logIdOf(key), kind, '')) ?? 0;
  }

  /** Takes on what an operation makes of records. Their channels have rows. */
  stage({ records, ordinals }: RecordWrites): void {
    for (const write of records) this.#stage(write);
    for (const { key, kind, ordinal } of ordinals) {
      const logId = this.#logOf(key);
      this.#ordinals.set(placeName(logId, kind, ''), ordinal);
      this.#toCount.set(placeName(logId, kind, ''), [logId, toStored(kind), ordinal]);
    }
  }

  /** Writes what is staged. */
  async flush(): Promise<void> {
    const saved = [...this.#toSave.values()].flatMap(({ place, after }) =>
      after === null
        ? []
        : [[...place, after.ordinal, toStored(after.state), after.dueAtMs ?? null, toStored(after.value)]],
    );
    const { query } = this.#deps;
    if (this.#toRemove.size > 0) await query('remove-records', columnsOf([...this.#toRemove.values()]));
    if (saved.length > 0) await query('save-records', columnsOf(saved));
    if (this.#toCount.size > 0) await query('save-record-kinds', columnsOf([...this.#toCount.values()]));
    if (this.#toSave.size === 0) return;
    this.#toSave = new Map();
    this.#toRemove = new Map();
    this.#toCount = new Map();
  }

  #stage({ key, kind, id, before, after }: RecordWrite): void {
    const logId = this.#logOf(key);
    const name = placeName(logId, kind, id);
    const place = [logId, toStored(kind), toStored(id)] as const;
    const isSameRecord = before !== null && before.ordinal === after?.ordinal;
    if (before !== null && !isSameRecord) this.#toRemove.set(name, place);
    if (!isSameRecord) this.#toSave.delete(name);
    this.#toSave.set(name, { place, after });
    this.#records.set(name, after);
  }

  #logOf(key: ChannelKey): number {
    const logId = this.#deps.logIdOf(key);
    if (logId === null) throw new Error('a channel that is written to has a row');
    return logId;
  }
}

const placeName = (logId: number | null, kind: string, id: string): string =>
  `${logId}:${kind.length}:${kind}${id}`;

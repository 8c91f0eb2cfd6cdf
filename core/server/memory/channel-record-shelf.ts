// The records of one channel in memory, by kind and id, each kind in the order in which they were made.
import type { ChannelRecord, RecordPage, RecordSearch } from '../ports/channel-records.ts';
import { isSearchedFor, type RecordWrite, type UsedOrdinal } from '../ports/record-rules.ts';

interface ShelvedRecord {
  readonly record: ChannelRecord;
  /** Place among the records of all channels in the order in which they were made. */
  readonly madeAs: number;
}

interface Kind {
  lastOrdinal: number;
  /** By id. A record that is changed keeps its place, so they ascend by ordinal. */
  readonly records: Map<string, ShelvedRecord>;
}

/** What a record takes beside its texts, roughly. */
const OVERHEAD_BYTES = 256;
const NONE: ReadonlyMap<string, ShelvedRecord> = new Map();

export class ChannelRecordShelf {
  /** Rough size of all that is held. */
  bytes = 0;
  readonly #kinds = new Map<string, Kind>();

  get isEmpty(): boolean {
    return this.bytes === 0;
  }

  find(kind: string, id: string): ChannelRecord | null {
    return this.#kinds.get(kind)?.records.get(id)?.record ?? null;
  }

  lastOrdinal(kind: string): number {
    return this.#kinds.get(kind)?.lastOrdinal ?? 0;
  }

  ofKind(kind: string): Iterable<ShelvedRecord> {
    return (this.#kinds.get(kind)?.records ?? NONE).values();
  }

  page(
    kind: string,
    {
      before = Number.POSITIVE_INFINITY,
      states,
      limit,
    }: { readonly before?: number; readonly states?: readonly string[]; readonly limit: number },
  ): RecordPage {
    const matching = [...this.ofKind(kind)]
      .map(({ record }) => record)
      .filter(({ ordinal, state }) => ordinal < before && (states === undefined || states.includes(state)));
    matching.reverse();
    return { records: matching.slice(0, limit), more: matching.length > limit };
  }

  write({ kind, id, after }: RecordWrite, madeAs: number): void {
    const { records } = this.#open(kind);
    const held = records.get(id);
    if (held !== undefined) this.bytes -= sizeOf(held.record);
    const isSameRecord = held !== undefined && held.record.ordinal === after?.ordinal;
    if (!isSameRecord) records.delete(id);
    if (after === null) return;
    records.set(id, { record: after, madeAs: isSameRecord ? held.madeAs : madeAs });
    this.bytes += sizeOf(after);
  }

  use({ kind, ordinal }: UsedOrdinal): void {
    this.#open(kind).lastOrdinal = ordinal;
  }

  /** Forgets all records; their ordinals stay used. */
  clear(): void {
    for (const { records } of this.#kinds.values()) records.clear();
    this.bytes = 0;
  }

  #open(name: string): Kind {
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    const kind: Kind = { lastOrdinal: 0, records: new Map() };
    this.#kinds.set(name, kind);
    return kind;
  }
}

/** Looks through all shelves: what is in memory is few enough. */
export function searchShelves(
  holders: Iterable<{ readonly records: ChannelRecordShelf }>,
  search: RecordSearch,
): readonly ChannelRecord[] {
  const found: ShelvedRecord[] = [];
  for (const { records } of holders) {
    for (const shelved of records.ofKind(search.kind)) {
      if (isSearchedFor(shelved.record, search)) found.push(shelved);
    }
  }
  found.sort(inSearchOrder);
  return found.slice(0, search.limit).map(({ record }) => record);
}

function inSearchOrder(one: ShelvedRecord, other: ShelvedRecord): number {
  const { dueAtMs: oneMs = Number.MAX_SAFE_INTEGER } = one.record;
  const { dueAtMs: otherMs = Number.MAX_SAFE_INTEGER } = other.record;
  return oneMs === otherMs ? one.madeAs - other.madeAs : oneMs - otherMs;
}

function sizeOf({ id, state, value }: ChannelRecord): number {
  return OVERHEAD_BYTES + id.length + state.length + value.length;
}

// What every driver decides alike about the records of a channel: how the changes of one step build on each other, which ordinal a
// new record gets, what is refused. Pure but for what the changes themselves do; knows nothing of storage.
import type { ChannelKey, EntryDraft, LogEntry } from './channel-log.ts';
import type {
  ChannelRecord,
  RecordChange,
  RecordContent,
  RecordOccasion,
  RecordSearch,
} from './channel-records.ts';

/** Where a step finds what was there before it. */
export interface RecordSource {
  find(key: ChannelKey, kind: string, id: string): ChannelRecord | null;
  /** 0 where the channel never had a record of this kind. */
  lastOrdinal(key: ChannelKey, kind: string): number;
}

/** What a step makes of one record. Different ordinals: the old one was removed and a new one made. */
export interface RecordWrite {
  readonly key: ChannelKey;
  readonly kind: string;
  readonly id: string;
  readonly before: ChannelRecord | null;
  readonly after: ChannelRecord | null;
}

/** The last ordinal that a step used. */
export interface UsedOrdinal {
  readonly key: ChannelKey;
  readonly kind: string;
  readonly ordinal: number;
}

export interface RecordWrites {
  readonly kind: 'changed';
  /** One for each record that was touched; those that are new in the order in which they were made. */
  readonly records: readonly RecordWrite[];
  readonly ordinals: readonly UsedOrdinal[];
}

export interface RecordRefusal {
  readonly kind: 'refused';
  readonly error: unknown;
}

export const MAX_RECORD_VALUE_BYTES = 8 * 1024;

export const NO_RECORD_WRITES: RecordWrites = { kind: 'changed', records: [], ordinals: [] };

/** The changes of a commit's entries, in their order. What the source throws is passed on. */
export function commitRecords(
  source: RecordSource,
  drafts: readonly EntryDraft[],
  entries: readonly LogEntry[],
): RecordWrites | RecordRefusal {
  if (!drafts.some(({ records }) => records !== undefined)) return NO_RECORD_WRITES;
  const step = new RecordStep(source);
  for (const [index, { records }] of drafts.entries()) {
    const entry = entries[index];
    if (records === undefined || entry === undefined) continue;
    const refusal = step.run(entry.key, records, occasionOf(entry));
    if (refusal !== null) return refusal;
  }
  return step.writes();
}

/** Changes of one channel. What the source throws is passed on. */
export function changeRecords(
  source: RecordSource,
  key: ChannelKey,
  changes: readonly RecordChange[],
  occasion: RecordOccasion | null,
): RecordWrites | RecordRefusal {
  const step = new RecordStep(source);
  return step.run(key, changes, occasion) ?? step.writes();
}

export function occasionOf({
  serial,
  publishedAtMs,
  messageSerial,
}: Pick<LogEntry, 'serial' | 'publishedAtMs' | 'messageSerial'>): RecordOccasion {
  return { serial, publishedAtMs, ...(messageSerial !== undefined && { messageSerial }) };
}

export function isSearchedFor({ key, state, dueAtMs }: ChannelRecord, search: RecordSearch): boolean {
  return (
    (search.state === undefined || state === search.state) &&
    (search.appId === undefined || key.appId === search.appId) &&
    key.channel.startsWith(search.channelPrefix ?? '') &&
    search.exceptChannels?.includes(key.channel) !== true &&
    (search.dueByMs === undefined || (dueAtMs !== undefined && dueAtMs <= search.dueByMs))
  );
}

/** Changes that run one after the other, each on what the ones before it left. */
class RecordStep {
  readonly #source: RecordSource;
  readonly #touched = new Map<string, RecordWrite>();
  readonly #ordinals = new Map<string, UsedOrdinal>();

  constructor(source: RecordSource) {
    this.#source = source;
  }

  run(
    key: ChannelKey,
    changes: readonly RecordChange[],
    occasion: RecordOccasion | null,
  ): RecordRefusal | null {
    for (const { kind, id, apply } of changes) {
      const place = placeOf(key, kind, id);
      const touched = this.#touched.get(place);
      const current = touched === undefined ? this.#source.find(key, kind, id) : touched.after;
      let content: RecordContent | null | 'keep';
      try {
        content = apply(current, occasion);
        if (content !== null && content !== 'keep') requireContent(content);
      } catch (error) {
        return { kind: 'refused', error };
      }
      if (content === 'keep' || (content === null && current === null)) continue;
      const after = content === null ? null : this.#recordOf(key, kind, id, current, content);
      const before = touched === undefined ? current : touched.before;
      // What is made anew comes after what was made before it.
      if (current === null) this.#touched.delete(place);
      this.#touched.set(place, { key, kind, id, before, after });
    }
    return null;
  }

  writes(): RecordWrites {
    return { kind: 'changed', records: [...this.#touched.values()], ordinals: [...this.#ordinals.values()] };
  }

  #recordOf(
    key: ChannelKey,
    kind: string,
    id: string,
    current: ChannelRecord | null,
    { value, state, dueAtMs }: RecordContent,
  ): ChannelRecord {
    const ordinal = current?.ordinal ?? this.#nextOrdinal(key, kind);
    return { key, kind, id, ordinal, value, state, ...(dueAtMs !== undefined && { dueAtMs }) };
  }

  #nextOrdinal(key: ChannelKey, kind: string): number {
    const place = placeOf(key, kind, '');
    const last = this.#ordinals.get(place)?.ordinal ?? this.#source.lastOrdinal(key, kind);
    this.#ordinals.set(place, { key, kind, ordinal: last + 1 });
    return last + 1;
  }
}

/** @throws RangeError for what drivers need not be able to hold */
function requireContent({ value, dueAtMs }: RecordContent): void {
  if (Buffer.byteLength(value) > MAX_RECORD_VALUE_BYTES) {
    throw new RangeError(`the value of a record is longer than ${MAX_RECORD_VALUE_BYTES} bytes`);
  }
  // The largest safe integer is how drivers may write 'never'.
  if (dueAtMs !== undefined && !(Number.isSafeInteger(dueAtMs) && dueAtMs < Number.MAX_SAFE_INTEGER)) {
    throw new RangeError('a record is due at a whole number of milliseconds, below the largest safe integer');
  }
}

/** The lengths keep any two places apart, whatever characters they hold. */
function placeOf({ appId, channel }: ChannelKey, kind: string, id: string): string {
  return `${appId.length}:${channel.length}:${kind.length}:${appId}${channel}${kind}${id}`;
}

// The reads of the ChannelLog port. Each is one statement, and so sees one moment of the database.
import {
  type ChannelKey,
  continuityGap,
  type LogEntry,
  type Position,
  type ReadRange,
  type ReadResult,
  type Receipt,
  type StreamState,
} from '@sockudo/server/ports';
import {
  type EntryRow,
  entryOfRow,
  type ReceiptRow,
  receiptOfRow,
  retentionOf,
  type SeenRow,
  stateOfRow,
  unusedState,
} from './rows.ts';
import type { Session } from './session.ts';
import { toStored } from './stored-text.ts';
import { unusedStreamId } from './unused-stream-id.ts';

export interface LogReaderOptions {
  readonly session: Session;
  readonly streamSeed: string;
  readonly now: () => number;
}

/** A page, and the log that its entries are of. */
export type FoundPage =
  | {
      readonly kind: 'page';
      readonly entries: readonly LogEntry[];
      readonly more: boolean;
      readonly head: Position;
      readonly logId: number | null;
    }
  | Extract<ReadResult, { kind: 'gap' }>;

type PageRow = { readonly seen: SeenRow } | ({ readonly seen: null } & EntryRow);

export class LogReader {
  readonly #options: LogReaderOptions;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  async state(key: ChannelKey): Promise<StreamState> {
    const row = await this.seen(key);
    return row === null ? this.unused(key) : stateOfRow(row);
  }

  async read(key: ChannelKey, range: ReadRange): Promise<ReadResult> {
    const page = await this.page(key, range);
    if (page.kind === 'gap') return page;
    const { logId: _, ...result } = page;
    return result;
  }

  async page(key: ChannelKey, range: ReadRange): Promise<FoundPage> {
    const rows = await this.#options.session.query<PageRow>(
      'read-page',
      [...this.keyAndNow(key), ...boundsOf(range), range.limit + 1],
      range.direction,
    );
    const seen = rows.find((row) => row.seen !== null)?.seen ?? null;
    const state = seen === null ? this.unused(key) : stateOfRow(seen);
    const reason = continuityGap(range, state.head, state.oldestSerial);
    if (reason !== null) return { kind: 'gap', reason, state };
    if (seen === null) return { kind: 'page', entries: [], more: false, head: state.head, logId: null };
    const facts = { key, streamId: seen.stream_id, retention: retentionOf(seen) };
    const found = rows.flatMap((row) => (row.seen === null ? [entryOfRow(row, facts)] : []));
    const more = found.length > range.limit;
    return { kind: 'page', entries: found.slice(0, range.limit), more, head: state.head, logId: seen.log_id };
  }

  async receipt(scope: string, key: string): Promise<Receipt | null> {
    const values = [toStored(scope), toStored(key), this.#options.now()];
    const [row] = await this.#options.session.query<ReceiptRow>('find-receipt', values);
    return row === undefined ? null : receiptOfRow(row);
  }

  async seen(key: ChannelKey): Promise<SeenRow | null> {
    const [row] = await this.#options.session.query<SeenRow>('seen', this.keyAndNow(key));
    return row ?? null;
  }

  keyAndNow({ appId, channel }: ChannelKey): [string, string, number] {
    return [toStored(appId), toStored(channel), this.#options.now()];
  }

  unused(key: ChannelKey): StreamState {
    return unusedState(unusedStreamId(this.#options.streamSeed, key));
  }
}

/** Inclusive serials; not older than; older than. */
function boundsOf(range: ReadRange): [number, number, number | null, number | null] {
  const {
    direction,
    from,
    startSerial = 0,
    endSerial = Number.MAX_SAFE_INTEGER,
    startTimeMs,
    endTimeMs,
  } = range;
  const low = from !== undefined && direction === 'oldest-first' ? from.serial + 1 : 0;
  const high = from !== undefined && direction === 'newest-first' ? from.serial - 1 : Number.MAX_SAFE_INTEGER;
  return [
    Math.max(low, startSerial),
    Math.min(high, endSerial),
    startTimeMs ?? null,
    endTimeMs === undefined ? null : Math.floor(endTimeMs) + 1,
  ];
}

// The reads of the MessageLog port. What takes two statements notices when something was removed between them, and reads again.
import {
  type AnnotationEntry,
  type AnnotationRecord,
  type ChannelKey,
  continuityGap,
  historySerialOf,
  type LogEntry,
  type MessageLog,
  type MessageState,
  messageStateOf,
  type Position,
  type Projection,
  type ReadRange,
  type ReplayEntry,
  type ReplayResult,
  type RowsResult,
  type StoredVersion,
  StoreUnavailable,
  type VersionEntry,
  type VersionsRange,
  versionEntryOf,
} from '@sockudo/server/ports';
import type { HotTexts } from './hot-texts.ts';
import type { LogReader } from './log-reader.ts';
import { wholeOf } from './message-text.ts';
import { readTexts, type Texts } from './read-texts.ts';
import {
  type AnnotationRow,
  type EntryRow,
  entryOfRow,
  type RetentionRow,
  recordOfRow,
  retentionOf,
  type SeenRow,
  stateOfRow,
  type VersionRow,
  versionOfRow,
} from './rows.ts';
import type { Session } from './session.ts';
import { fromStored, toStored } from './stored-text.ts';

export interface MessageReaderOptions {
  readonly session: Session;
  readonly reader: LogReader;
  readonly hot: HotTexts;
}

interface Found {
  readonly logId: number;
  /** Its data is empty where a version exists. */
  readonly create: LogEntry;
  readonly latest: StoredVersion | null;
}

type MessageRow = EntryRow &
  RetentionRow & { log_id: number; stream_id: string } & (VersionRow | { v_serial: null });

type ReplayRow =
  | { readonly seen: SeenRow }
  | ({ readonly seen: null; readonly kind: 'create' } & EntryRow)
  | ({ readonly seen: null; readonly kind: 'version' } & EntryRow & VersionRow)
  | {
      readonly seen: null;
      readonly kind: 'annotation';
      readonly serial: number;
      readonly published_at_ms: number;
      readonly record: string;
    };

/** Readings of a page whose messages are being removed meanwhile. */
const MAX_READINGS = 5;

export class MessageReader {
  readonly #session: Session;
  readonly #reader: LogReader;
  readonly #hot: HotTexts;

  constructor({ session, reader, hot }: MessageReaderOptions) {
    this.#session = session;
    this.#reader = reader;
    this.#hot = hot;
  }

  message(key: ChannelKey, messageSerial: string): Promise<MessageState | null> {
    return again(async () => {
      const found = await this.#find(key, messageSerial);
      if (found === null) return null;
      const { logId, create, latest } = found;
      const texts = await this.#texts(logId, latest === null ? [] : [latest]);
      return stateOf(logId, create, latest, texts);
    });
  }

  versions(
    key: ChannelKey,
    messageSerial: string,
    { direction, limit, from }: VersionsRange,
  ): ReturnType<MessageLog['versions']> {
    return again(async () => {
      const found = await this.#find(key, messageSerial);
      if (found === null) return null;
      const { logId, latest } = found;
      const historySerial = found.create.serial;
      const values = [
        logId,
        historySerial,
        from === undefined ? null : toStored(from),
        limit + 1,
        latest?.serial ?? 0,
      ];
      const rows = await this.#session.query<VersionRow>('versions-page', values, direction);
      const versions = rows.map((row) => versionOfRow(row, historySerial));
      const create = latest === null ? found.create : await this.#withData(logId, found.create);
      const texts = await this.#texts(logId, versions);
      const entries: (LogEntry | VersionEntry)[] = versions.map((version) =>
        entryOf(logId, create, version, texts),
      );
      // The create is the first of the versions.
      if (direction === 'oldest-first') {
        if (from === undefined || messageSerial > from) entries.unshift(create);
      } else if (from === undefined || messageSerial < from) entries.push(create);
      return { entries: entries.slice(0, limit), more: entries.length > limit };
    });
  }

  async annotations(
    key: ChannelKey,
    messageSerial: string,
    { type, from, limit }: Parameters<MessageLog['annotations']>[2],
  ): ReturnType<MessageLog['annotations']> {
    const found = await this.#find(key, messageSerial);
    if (found === null) return { records: [], more: false };
    const rows = await this.#session.query<AnnotationRow>('annotations-page', [
      found.logId,
      found.create.serial,
      type === undefined ? null : toStored(type),
      from === undefined ? null : toStored(from),
      limit + 1,
    ]);
    return { records: rows.slice(0, limit).map(recordOfRow), more: rows.length > limit };
  }

  async annotation(key: ChannelKey, annotationSerial: string): Promise<AnnotationRecord | null> {
    const historySerial = historySerialOf(annotationSerial);
    if (historySerial === null) return null;
    const [appId, channel, nowMs] = this.#reader.keyAndNow(key);
    const values = [appId, channel, historySerial, toStored(annotationSerial), nowMs];
    const [row] = await this.#session.query<AnnotationRow>('find-annotation', values);
    return row === undefined ? null : recordOfRow(row);
  }

  async projections(key: ChannelKey, limit: number): Promise<readonly Projection[]> {
    const rows = await this.#session.query<{ message_serial: string; type: string; state: string }>(
      'projections',
      [...this.#reader.keyAndNow(key), limit],
    );
    return rows.map(({ message_serial, type, state }) => ({
      messageSerial: fromStored(message_serial),
      type: fromStored(type),
      state: fromStored(state),
    }));
  }

  rows(key: ChannelKey, range: ReadRange): Promise<RowsResult> {
    return again(async () => {
      const page = await this.#reader.page(key, range);
      if (page.kind === 'gap') return page;
      const { entries, logId, ...rest } = page;
      const latest = logId === null ? new Map() : await this.#latest(logId, entries, rest.head.serial);
      const texts = await this.#texts(logId ?? 0, [...latest.values()]);
      const rows = entries.map((entry) => {
        const version = latest.get(entry.serial);
        return { entry, latest: version === undefined ? null : stateOf(logId ?? 0, entry, version, texts) };
      });
      return { ...rest, rows };
    });
  }

  /** A page of the number line. It has no hole, or else something is gone. */
  replay(key: ChannelKey, from: Position, limit: number): Promise<ReplayResult> {
    return again(async () => {
      const low = from.serial + 1;
      const rows = await this.#session.query<ReplayRow>('replay', [
        ...this.#reader.keyAndNow(key),
        low,
        from.serial + limit,
      ]);
      const seen = rows.find((row) => row.seen !== null)?.seen ?? null;
      const state = seen === null ? this.#reader.unused(key) : stateOfRow(seen);
      const { head } = state;
      const reason = continuityGap({ direction: 'oldest-first', limit, from }, head, null);
      if (reason === 'other-stream' || reason === 'ahead') return { kind: 'gap', reason, state };
      const high = Math.min(head.serial, from.serial + limit);
      if (seen === null || high < low) return { kind: 'page', entries: [], more: false, head };
      const entries = await this.#line(key, seen, rows);
      if (entries.length < high - low + 1) return { kind: 'gap', reason: 'trimmed', state };
      return { kind: 'page', entries, more: high < head.serial, head };
    });
  }

  async #line(key: ChannelKey, seen: SeenRow, rows: readonly ReplayRow[]): Promise<ReplayEntry[]> {
    const { log_id: logId, stream_id: streamId } = seen;
    const facts = { key, streamId, retention: retentionOf(seen) };
    const changes = rows.flatMap((row) =>
      row.seen === null && row.kind === 'version'
        ? [{ create: entryOfRow(row, facts), version: versionOfRow(row, row.serial) }]
        : [],
    );
    const texts = await this.#texts(
      logId,
      changes.map(({ version }) => version),
    );
    const entries: ReplayEntry[] = changes.map(({ create, version }) =>
      entryOf(logId, create, version, texts),
    );
    for (const row of rows) {
      if (row.seen !== null) continue;
      if (row.kind === 'create') entries.push(entryOfRow(row, facts));
      else if (row.kind === 'annotation') entries.push(annotationOf(key, streamId, row));
    }
    return entries.sort((one, other) => one.serial - other.serial);
  }

  async #find(key: ChannelKey, messageSerial: string): Promise<Found | null> {
    const historySerial = historySerialOf(messageSerial);
    if (historySerial === null) return null;
    const [appId, channel, nowMs] = this.#reader.keyAndNow(key);
    const [row] = await this.#session.query<MessageRow>('find-messages', [
      [appId],
      [channel],
      [historySerial],
      nowMs,
    ]);
    if (row === undefined) return null;
    const create = entryOfRow(row, { key, streamId: row.stream_id, retention: retentionOf(row) });
    if (create.messageSerial !== messageSerial) return null;
    const latest = row.v_serial === null ? null : versionOfRow(row, historySerial);
    return { logId: row.log_id, create, latest };
  }

  async #withData(logId: number, create: LogEntry): Promise<LogEntry> {
    const [row] = await this.#session.query<{ data: string }>('create-data', [logId, create.serial]);
    if (row === undefined) throw new RemovedMeanwhile();
    return { ...create, data: fromStored(row.data) };
  }

  async #latest(
    logId: number,
    entries: readonly LogEntry[],
    head: number,
  ): Promise<Map<number, StoredVersion>> {
    const serials = entries
      .filter(({ messageSerial }) => messageSerial !== undefined)
      .map(({ serial }) => serial);
    if (serials.length === 0) return new Map();
    const rows = await this.#session.query<VersionRow & { history_serial: number }>('latest-versions', [
      logId,
      serials,
      head,
    ]);
    return new Map(rows.map((row) => [row.history_serial, versionOfRow(row, row.history_serial)]));
  }

  /** Whole data of versions; an update has its own. */
  #texts(logId: number, versions: readonly StoredVersion[]): Promise<Texts> {
    const places = versions
      .filter(({ action }) => action === 'append')
      .map((version) => placeOf(logId, version));
    return readTexts(this.#session, this.#hot, places);
  }
}

/** Something that a page names was removed before the rest of it was read. */
class RemovedMeanwhile extends Error {
  override readonly name = 'RemovedMeanwhile';
}

async function again<T>(reading: () => Promise<T>): Promise<T> {
  for (let count = 1; count < MAX_READINGS; count += 1) {
    try {
      return await reading();
    } catch (error) {
      if (!(error instanceof RemovedMeanwhile)) throw error;
    }
  }
  return reading().catch((error: unknown) => {
    if (!(error instanceof RemovedMeanwhile)) throw error;
    throw new StoreUnavailable('messages were removed while they were read', { cause: error });
  });
}

function placeOf(logId: number, { historySerial, baseSerial, serial }: StoredVersion) {
  return { logId, historySerial, baseSerial, serial };
}

function wholeData(logId: number, version: StoredVersion, texts: Texts): string | null {
  if (version.action !== 'append') return version.data;
  const text = texts(placeOf(logId, version));
  if (text === null) throw new RemovedMeanwhile();
  return wholeOf(text);
}

/** Looks the text up at once, so that what is missing shows here and not at the reader's. */
function stateOf(logId: number, create: LogEntry, latest: StoredVersion | null, texts: Texts): MessageState {
  const data = latest === null ? create.data : wholeData(logId, latest, texts);
  return messageStateOf(create, latest, () => data);
}

function entryOf(logId: number, create: LogEntry, version: StoredVersion, texts: Texts): VersionEntry {
  if (version.action !== 'append') return versionEntryOf(create, version, () => version.data);
  const text = texts(placeOf(logId, version));
  if (text === null) throw new RemovedMeanwhile();
  return versionEntryOf(create, version, () => wholeOf(text));
}

function annotationOf(
  key: ChannelKey,
  streamId: string,
  row: { readonly serial: number; readonly published_at_ms: number; readonly record: string },
): AnnotationEntry {
  const record = recordOfRow({ record: row.record, deleted_by: null });
  return {
    kind: 'annotation',
    key,
    streamId,
    serial: row.serial,
    publishedAtMs: row.published_at_ms,
    record,
  };
}

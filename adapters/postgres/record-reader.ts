// The reads of the ChannelRecords port. Each is one statement, and so sees one moment of the database.
import type { ChannelKey, ChannelRecord, RecordPage, RecordSearch } from '@sockudo/server/ports';
import { type ChannelRecordRow, channelRecordOfRow } from './rows.ts';
import type { Session } from './session.ts';
import { fromStored, toStored, toStoredOrNull } from './stored-text.ts';

interface PageRange {
  readonly before?: number;
  readonly states?: readonly string[];
  readonly limit: number;
}

export class RecordReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async record(key: ChannelKey, kind: string, id: string): Promise<ChannelRecord | null> {
    const values = [...channelOf(key), toStored(kind), toStored(id)];
    const [row] = await this.#session.query<ChannelRecordRow>('find-record', values);
    return row === undefined ? null : channelRecordOfRow(row, key);
  }

  async records(
    key: ChannelKey,
    kind: string,
    { before = Number.MAX_SAFE_INTEGER, states, limit }: PageRange,
  ): Promise<RecordPage> {
    const wanted = states?.map(toStored) ?? null;
    const values = [...channelOf(key), toStored(kind), before, wanted, limit + 1];
    const rows = await this.#session.query<ChannelRecordRow>('records-page', values);
    const records = rows.slice(0, limit).map((row) => channelRecordOfRow(row, key));
    return { records, more: rows.length > limit };
  }

  async search({
    kind,
    state,
    appId,
    channelPrefix = '',
    exceptChannels = [],
    dueByMs,
    limit,
  }: RecordSearch) {
    const rows = await this.#session.query<ChannelRecordRow & { app_id: string; channel: string }>(
      'search-records',
      [
        toStored(kind),
        toStoredOrNull(state),
        toStoredOrNull(appId),
        toStored(channelPrefix),
        dueByMs === undefined ? null : wholeMs(dueByMs),
        limit,
        exceptChannels.map(toStored),
      ],
    );
    return rows.map((row): ChannelRecord => {
      const key = { appId: fromStored(row.app_id), channel: fromStored(row.channel) };
      return channelRecordOfRow(row, key);
    });
  }
}

const channelOf = ({ appId, channel }: ChannelKey): [string, string] => [toStored(appId), toStored(channel)];

const wholeMs = (ms: number): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.floor(ms)));

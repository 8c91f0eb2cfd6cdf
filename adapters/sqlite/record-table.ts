// The records of all channels. A record is replaced by each change, so what it was before is remembered until the new one is on the
// disk: readers see nothing that a crash could take back (L5). Those in memory are the records of one group of commits.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type ChannelKey,
  type ChannelRecord,
  isSearchedFor,
  type RecordPage,
  type RecordSearch,
  type RecordWrite,
} from '@sockudo/server/ports';
import type { Participant } from './group-commit.ts';
import { NEVER_DUE_MS } from './migrations.ts';

interface Held {
  readonly channelId: number;
  /** Place among all records in the order in which they were made. */
  readonly sequence: number;
  readonly record: ChannelRecord;
}

interface PageRange {
  readonly before?: number;
  readonly states?: readonly string[];
  readonly limit: number;
}

type Row = Record<string, unknown>;

const COLUMNS = 'records.sequence, records.channel_id, kind, records.id, ordinal, state, due_at_ms, value';

export class RecordTable implements Participant {
  readonly #connection: DatabaseSync;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #lastOrdinal: StatementSync;
  readonly #useOrdinal: StatementSync;
  readonly #page: StatementSync;
  readonly #any: StatementSync;
  readonly #removeSome: StatementSync;
  readonly #isNamed: StatementSync;
  readonly #searches = new Map<string, StatementSync>();
  /** What readers still see of records that are not on the disk yet; null: there was none. */
  readonly #before = new Map<string, Held | null>();
  /** Of these, what the transaction at work has added. */
  readonly #added = new Set<string>();

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
    const place = 'channel_id = ? AND kind = ? AND id = ?';
    this.#find = connection.prepare(`SELECT ${COLUMNS} FROM channel_records AS records WHERE ${place}`);
    this.#insert = connection.prepare(
      `INSERT INTO channel_records (channel_id, kind, id, ordinal, state, due_at_ms, value) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = connection.prepare(
      `UPDATE channel_records SET state = ?, due_at_ms = ?, value = ? WHERE ${place}`,
    );
    this.#delete = connection.prepare(`DELETE FROM channel_records WHERE ${place}`);
    this.#lastOrdinal = connection.prepare(
      'SELECT last_ordinal FROM channel_record_kinds WHERE channel_id = ? AND kind = ?',
    );
    this.#useOrdinal = connection.prepare('INSERT OR REPLACE INTO channel_record_kinds VALUES (?, ?, ?)');
    this.#page = connection.prepare(
      `SELECT ${COLUMNS} FROM channel_records AS records
       WHERE channel_id = ? AND kind = ? AND ordinal < ? AND (? IS NULL OR state IN (SELECT value FROM json_each(?)))
       ORDER BY ordinal DESC LIMIT ?`,
    );
    this.#any = connection.prepare('SELECT 1 FROM channel_records WHERE channel_id = ? LIMIT 1');
    this.#removeSome = connection.prepare(
      `DELETE FROM channel_records WHERE sequence IN (
        SELECT sequence FROM channel_records WHERE channel_id = ? LIMIT ?)`,
    );
    this.#isNamed = connection.prepare('SELECT 1 FROM channels WHERE id = ? AND channel IS NOT NULL');
  }

  /** Inside a transaction: the record as the transaction leaves it. */
  find(channelId: number, key: ChannelKey, kind: string, id: string): ChannelRecord | null {
    return this.#row(channelId, key, kind, id)?.record ?? null;
  }

  /** Inside a transaction. */
  lastOrdinal(channelId: number, kind: string): number {
    return Number(this.#lastOrdinal.get(channelId, kind)?.last_ordinal ?? 0);
  }

  /** Inside a transaction. */
  write(channelId: number, { key, kind, id, before, after }: RecordWrite): void {
    this.#remember(channelId, key, kind, id);
    const isSameRecord = before !== null && after !== null && before.ordinal === after.ordinal;
    if (before !== null && !isSameRecord) this.#delete.run(channelId, kind, id);
    if (after === null) return;
    const { ordinal, state, dueAtMs = NEVER_DUE_MS, value } = after;
    if (isSameRecord) this.#update.run(state, dueAtMs, value, channelId, kind, id);
    else this.#insert.run(channelId, kind, id, ordinal, state, dueAtMs, value);
  }

  /** Inside a transaction. */
  useOrdinal(channelId: number, kind: string, ordinal: number): void {
    this.#useOrdinal.run(channelId, kind, ordinal);
  }

  /** The record as readers see it. */
  visible(channelId: number, key: ChannelKey, kind: string, id: string): ChannelRecord | null {
    const before = this.#before.get(placeKey(channelId, kind, id));
    return before === undefined ? this.find(channelId, key, kind, id) : (before?.record ?? null);
  }

  /** As readers see it. */
  page(channelId: number, key: ChannelKey, kind: string, range: PageRange): RecordPage {
    const { before = Number.MAX_SAFE_INTEGER, states, limit } = range;
    const wanted = states === undefined ? null : JSON.stringify(states);
    const room = limit + 1 + this.#before.size;
    const found = this.#page
      .all(channelId, kind, before, wanted, wanted, room)
      .map((row) => heldOf(row, key));
    const held = this.#asSeen(
      found,
      ({ channelId: ofChannel, record }) =>
        ofChannel === channelId &&
        record.kind === kind &&
        record.ordinal < before &&
        (states === undefined || states.includes(record.state)),
      (one, other) => other.record.ordinal - one.record.ordinal,
    );
    return { records: held.slice(0, limit).map(({ record }) => record), more: held.length > limit };
  }

  /** As readers see it. */
  search(search: RecordSearch): ChannelRecord[] {
    const { kind, state, appId = null, channelPrefix = '', exceptChannels = [], dueByMs, limit } = search;
    const found = this.#searchFor(state !== undefined, dueByMs !== undefined).all({
      kind,
      appId,
      channelPrefix,
      exceptChannels: JSON.stringify(exceptChannels),
      limit: limit + this.#before.size,
      ...(state !== undefined && { state }),
      ...(dueByMs !== undefined && { dueByMs }),
    });
    const held = this.#asSeen(
      found.map((row) => heldOf(row, { appId: String(row.app_id), channel: String(row.channel) })),
      ({ channelId, record }) =>
        record.kind === kind && isSearchedFor(record, search) && this.#isNamed.get(channelId) !== undefined,
      inSearchOrder,
    );
    return held.slice(0, limit).map(({ record }) => record);
  }

  hasAny(channelId: number): boolean {
    return this.#any.get(channelId) !== undefined;
  }

  /** Inside a transaction: removes records of a channel that was reset, `limit` at most; answers how many. */
  remove(channelId: number, limit: number): number {
    return Number(this.#removeSome.run(channelId, limit).changes);
  }

  beforeCommit(): void {}

  committed(): void {
    this.#added.clear();
  }

  synced(): void {
    this.#before.clear();
  }

  rolledBack(): void {
    for (const key of this.#added) this.#before.delete(key);
    this.#added.clear();
  }

  #row(channelId: number, key: ChannelKey, kind: string, id: string): Held | null {
    const row = this.#find.get(channelId, kind, id);
    return row === undefined ? null : heldOf(row, key);
  }

  #remember(channelId: number, key: ChannelKey, kind: string, id: string): void {
    const place = placeKey(channelId, kind, id);
    if (this.#before.has(place)) return;
    this.#before.set(place, this.#row(channelId, key, kind, id));
    this.#added.add(place);
  }

  /** What was found, with what is not on the disk yet as it was before. */
  #asSeen(
    found: readonly Held[],
    isWanted: (held: Held) => boolean,
    order: (one: Held, other: Held) => number,
  ): readonly Held[] {
    if (this.#before.size === 0) return found;
    const seen = found.filter(
      ({ channelId, record }) => !this.#before.has(placeKey(channelId, record.kind, record.id)),
    );
    for (const held of this.#before.values()) if (held !== null && isWanted(held)) seen.push(held);
    return seen.sort(order);
  }

  /** The shape of the query decides which index it takes. */
  #searchFor(byState: boolean, byDue: boolean): StatementSync {
    const name = `${byState} ${byDue}`;
    const known = this.#searches.get(name);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(
      `SELECT ${COLUMNS}, app_id, channel FROM channel_records AS records
       CROSS JOIN channels ON channels.id = records.channel_id
       WHERE kind = :kind ${byState ? 'AND state = :state' : ''}
         ${byDue ? `AND due_at_ms <= :dueByMs AND due_at_ms < ${NEVER_DUE_MS}` : ''}
         AND channel IS NOT NULL AND (:appId IS NULL OR app_id = :appId)
         AND substr(channel, 1, length(:channelPrefix)) = :channelPrefix
         AND channel NOT IN (SELECT value FROM json_each(:exceptChannels))
       ORDER BY due_at_ms, sequence LIMIT :limit`,
    );
    this.#searches.set(name, statement);
    return statement;
  }
}

function inSearchOrder(one: Held, other: Held): number {
  const oneMs = one.record.dueAtMs ?? NEVER_DUE_MS;
  const otherMs = other.record.dueAtMs ?? NEVER_DUE_MS;
  return oneMs === otherMs ? one.sequence - other.sequence : oneMs - otherMs;
}

function heldOf(row: Row, key: ChannelKey): Held {
  const dueAtMs = Number(row.due_at_ms);
  const record: ChannelRecord = {
    key,
    kind: String(row.kind),
    id: String(row.id),
    ordinal: Number(row.ordinal),
    value: String(row.value),
    state: String(row.state),
    ...(dueAtMs < NEVER_DUE_MS && { dueAtMs }),
  };
  return { channelId: Number(row.channel_id), sequence: Number(row.sequence), record };
}

function placeKey(channelId: number, kind: string, id: string): string {
  return `${channelId}:${kind.length}:${kind}${id}`;
}

// The channels of a database as they stand in memory and in their table: stream id, head and what is retained. Follows the
// group commit, so that each channel is known as assigned (inside a transaction), as committed and as durable.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ChannelKey, Retention } from '@sockudo/server/ports';
import { ClockCache, type Clocked } from './clock-cache.ts';
import type { Participant } from './group-commit.ts';
import { unusedStreamId } from './unused-stream-id.ts';

/** One standing of a channel. Never changed in place: the next standing is a new object. */
export interface ChannelRecord {
  /** null: the channel was never written to and has no row. */
  readonly id: number | null;
  readonly streamId: string;
  readonly headSerial: number;
  /** No create below this belongs to the history any more. */
  readonly oldestSerial: number;
  /** Of creates below this nothing is left: neither versions nor annotations. */
  readonly purgedBelow: number;
  /** A message whose create has left the history is kept while its newest version is not older than this, at least. */
  readonly versionsSinceMs: number;
  /** Running size and number of all creates there ever were under this stream id. */
  readonly bytesTotal: number;
  readonly messagesTotal: number;
  readonly lastPublishedAtMs: number;
  readonly retention: Retention;
}

export type StoredChannelRecord = ChannelRecord & { readonly id: number };

export class Channel implements Clocked {
  readonly key: ChannelKey;
  /** As the transaction at work leaves it; the same as `committed` outside of one. */
  assigned: ChannelRecord;
  committed: ChannelRecord;
  /** The newest standing that a loss of power can't take back. */
  durable: ChannelRecord;
  /** As the channel's row has it, which may lag behind: after a start the recent entries tell the rest. */
  saved: ChannelRecord;
  isUsed = false;
  /** Below this serial nothing is to be seen by retention: found while reading, never stored. */
  floor: { readonly id: number | null; readonly serial: number } = { id: null, serial: 0 };

  constructor(key: ChannelKey, record: ChannelRecord) {
    this.key = key;
    this.assigned = record;
    this.committed = record;
    this.durable = record;
    this.saved = record;
  }

  /** True when its row tells everything, so that the channel can be forgotten here. */
  get isAtRest(): boolean {
    return this.assigned === this.durable && this.saved === this.committed;
  }

  /**
   * What readers may see: removals count once they are committed, entries only once they are durable (L5). A reset counts at
   * once, since the new stream id makes every older position unusable, with or without a crash.
   */
  get visible(): ChannelRecord {
    const { committed, durable } = this;
    if (committed === durable) return committed;
    const isSameStream = committed.streamId === durable.streamId;
    return {
      ...committed,
      headSerial: isSameStream ? durable.headSerial : 0,
      bytesTotal: isSameStream ? durable.bytesTotal : 0,
      messagesTotal: isSameStream ? durable.messagesTotal : 0,
    };
  }
}

type Row = Record<string, unknown>;

/** Channels that a trim of the cache looks at before it gives up, because all are in use. */
const TRIM_LOOKS = 64;

export class ChannelTable implements Participant {
  readonly #connection: DatabaseSync;
  readonly #maxCached: number;
  readonly #find: StatementSync;
  readonly #findById: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #abandon: StatementSync;
  readonly #remove: StatementSync;
  readonly #cached = new ClockCache<Channel>();
  /** Changed in the transaction at work. */
  readonly #changed = new Set<Channel>();
  /** Their rows are to be brought up to date by the transaction at work. */
  readonly #toSave = new Set<Channel>();
  readonly #unsynced = new Set<Channel>();
  readonly #streamSeed: Uint8Array;
  #streamEpoch: number;

  constructor(connection: DatabaseSync, maxCached: number) {
    this.#connection = connection;
    this.#maxCached = maxCached;
    this.#find = connection.prepare('SELECT * FROM channels WHERE app_id = ? AND channel = ?');
    this.#findById = connection.prepare('SELECT * FROM channels WHERE id = ?');
    this.#insert = connection.prepare(
      `INSERT INTO channels (app_id, channel, stream_id, head_serial, oldest_serial, bytes_total, last_published_at_ms,
       stored_at_ms) VALUES (?, ?, ?, 0, 1, 0, 0, ?)`,
    );
    this.#update = connection.prepare(
      `UPDATE channels SET head_serial = ?, oldest_serial = ?, purged_below = ?, versions_since_ms = ?, bytes_total = ?,
       messages_total = ?, last_published_at_ms = ?, retention_age_ms = ?, retention_messages = ?, retention_bytes = ?,
       retention_versions_age_ms = ? WHERE id = ?`,
    );
    this.#abandon = connection.prepare(
      'UPDATE channels SET app_id = NULL, channel = NULL, head_serial = ?, bytes_total = ? WHERE id = ?',
    );
    this.#remove = connection.prepare('DELETE FROM channels WHERE id = ?');
    const store = connection.prepare('SELECT stream_seed, stream_epoch FROM store').get() ?? {};
    const seed = store.stream_seed;
    this.#streamSeed = seed instanceof Uint8Array ? seed : new Uint8Array();
    this.#streamEpoch = Number(store.stream_epoch);
  }

  open(key: ChannelKey): Channel {
    const name = cacheKey(key);
    const cached = this.#cached.get(name);
    if (cached !== undefined) return cached;
    const row = this.#find.get(key.appId, key.channel);
    const channel = new Channel(key, row === undefined ? this.#unused(key) : recordOf(row));
    this.#cached.set(name, channel);
    return channel;
  }

  /** The channel with a row; null where the channel was reset or forgotten since. Leaves the cache as it is. */
  byId(id: number): Channel | null {
    const row = this.#findById.get(id);
    if (typeof row?.app_id !== 'string' || typeof row.channel !== 'string') return null;
    return this.glance({ appId: row.app_id, channel: row.channel }, row);
  }

  /** As `open` for a row that the caller has read, but leaves the cache as it is: for walks over all channels. */
  glance(key: ChannelKey, row: Row): Channel {
    return this.#cached.peek(cacheKey(key)) ?? new Channel(key, recordOf(row));
  }

  /** Inside a transaction: the channel's next standing, saved in its row. */
  assign(channel: Channel, record: ChannelRecord): void {
    this.advance(channel, record);
    this.save(channel);
  }

  /**
   * Inside a transaction: the next standing of a channel to which only recent entries were added. Its row is left as it is,
   * because a row for each channel of a group is a page for many of them.
   */
  advance(channel: Channel, record: ChannelRecord): void {
    channel.assigned = record;
    this.#changed.add(channel);
  }

  /** Inside a transaction: brings the channel's row up to date. */
  save(channel: Channel): void {
    this.#toSave.add(channel);
  }

  /** Inside a transaction: gives a channel a row, empty and with numbering from 1. */
  store(channel: Channel, streamId: string, nowMs: number): StoredChannelRecord {
    const { appId, channel: name } = channel.key;
    const { lastInsertRowid } = this.#insert.run(appId, name, streamId, nowMs);
    const record = { ...emptyRecord(streamId), id: Number(lastInsertRowid) };
    this.assign(channel, record);
    return record;
  }

  /** Inside a transaction: takes the name off a channel's row; the retention sweep removes its entries and then the row. */
  abandon({ id, headSerial, bytesTotal }: ChannelRecord): void {
    this.#abandon.run(headSerial, bytesTotal, id);
  }

  /** Inside a transaction: removes the row of a channel that retains nothing; false if it is in use after all. */
  forget(key: ChannelKey): boolean {
    const channel = this.open(key);
    const { id, headSerial, oldestSerial } = channel.assigned;
    if (id === null || !channel.isAtRest || oldestSerial <= headSerial) return false;
    this.#remove.run(id);
    this.#cached.delete(cacheKey(key));
    return true;
  }

  /** Inside a transaction, after rows were forgotten: channels without a row get other stream ids, so no old one comes back. */
  advanceStreamEpoch(): void {
    this.#connection.exec('UPDATE store SET stream_epoch = stream_epoch + 1');
    this.#streamEpoch += 1;
    for (const [name, channel] of this.#cached.entries()) {
      if (channel.assigned.id === null) this.#cached.delete(name);
    }
  }

  /** Forgets channels beyond the bound, if they are at rest. Never between the steps of a transaction. */
  trimCache(): void {
    while (this.#cached.size > this.#maxCached) {
      if (this.#cached.forgetOne(TRIM_LOOKS, ({ isAtRest }) => isAtRest) === undefined) return;
    }
  }

  beforeCommit(): void {
    for (const { assigned } of this.#toSave) {
      const { retention } = assigned;
      this.#update.run(
        assigned.headSerial,
        assigned.oldestSerial,
        assigned.purgedBelow,
        assigned.versionsSinceMs,
        assigned.bytesTotal,
        assigned.messagesTotal,
        assigned.lastPublishedAtMs,
        retention.ageMs ?? null,
        retention.messages ?? null,
        retention.bytes ?? null,
        retention.versionsAgeMs ?? null,
        assigned.id,
      );
    }
  }

  committed(): void {
    for (const channel of this.#changed) {
      channel.committed = channel.assigned;
      this.#unsynced.add(channel);
    }
    for (const channel of this.#toSave) channel.saved = channel.committed;
    this.#changed.clear();
    this.#toSave.clear();
    this.trimCache();
  }

  synced(): void {
    for (const channel of this.#unsynced) channel.durable = channel.committed;
    this.#unsynced.clear();
  }

  rolledBack(): void {
    for (const channel of this.#changed) channel.assigned = channel.committed;
    this.#changed.clear();
    this.#toSave.clear();
  }

  #unused(key: ChannelKey): ChannelRecord {
    return emptyRecord(unusedStreamId(this.#streamSeed, this.#streamEpoch, key));
  }
}

function emptyRecord(streamId: string): ChannelRecord {
  return {
    id: null,
    streamId,
    headSerial: 0,
    oldestSerial: 1,
    purgedBelow: 1,
    versionsSinceMs: 0,
    bytesTotal: 0,
    messagesTotal: 0,
    lastPublishedAtMs: 0,
    retention: {},
  };
}

function recordOf(row: Row): ChannelRecord {
  const { retention_age_ms: ageMs, retention_messages: messages, retention_bytes: bytes } = row;
  const { retention_versions_age_ms: versionsAgeMs } = row;
  return {
    id: Number(row.id),
    streamId: String(row.stream_id),
    headSerial: Number(row.head_serial),
    oldestSerial: Number(row.oldest_serial),
    purgedBelow: Number(row.purged_below),
    versionsSinceMs: Number(row.versions_since_ms),
    bytesTotal: Number(row.bytes_total),
    messagesTotal: Number(row.messages_total),
    lastPublishedAtMs: Number(row.last_published_at_ms),
    retention: {
      ...(ageMs === null ? {} : { ageMs: Number(ageMs) }),
      ...(messages === null ? {} : { messages: Number(messages) }),
      ...(bytes === null ? {} : { bytes: Number(bytes) }),
      ...(versionsAgeMs === null ? {} : { versionsAgeMs: Number(versionsAgeMs) }),
    },
  };
}

function cacheKey({ appId, channel }: ChannelKey): string {
  return `${appId.length}:${appId}${channel}`;
}

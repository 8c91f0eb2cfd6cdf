// The annotation events of all messages and what they add up to, by message. A projection is replaced by each event, so what it
// was before is remembered until the new one is on the disk: readers see nothing that a crash could take back (L5).
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AnnotationRecord, Projection } from '@sockudo/server/ports';
import type { Participant } from './group-commit.ts';

export interface StoredAnnotation {
  readonly serial: number;
  readonly historySerial: number;
  readonly publishedAtMs: number;
  readonly record: AnnotationRecord;
}

export interface AnnotationsRequest {
  readonly channelId: number;
  readonly historySerial: number;
  /** Newest serial to be seen. */
  readonly until: number;
  readonly type?: string;
  /** Exclusive. */
  readonly from?: string;
  readonly limit: number;
}

/** A projection with the serial of its message's create. */
export interface StoredProjection extends Projection {
  readonly historySerial: number;
}

interface Place {
  readonly channelId: number;
  readonly historySerial: number;
  readonly type: string;
}

type Row = Record<string, unknown>;

/** The delete that took a create back, if it is to be seen. */
const DELETED_BY = `(
  SELECT taker.annotation_serial FROM annotations AS taker
  WHERE taker.channel_id = annotations.channel_id AND taker.history_serial = annotations.history_serial
    AND taker.target_serial = annotations.annotation_serial AND taker.serial <= ?
  ORDER BY taker.annotation_serial LIMIT 1
) AS deleted_by`;
const OF_MESSAGE = 'FROM annotations WHERE channel_id = ? AND history_serial = ?';

export class AnnotationTable implements Participant {
  readonly #insert: StatementSync;
  readonly #newest: StatementSync;
  readonly #find: StatementSync;
  readonly #page: StatementSync;
  readonly #bySerial: StatementSync;
  readonly #removeEvents: StatementSync;
  readonly #removeProjections: StatementSync;
  readonly #upsert: StatementSync;
  readonly #projection: StatementSync;
  readonly #projections: StatementSync;
  readonly #nextMessage: StatementSync;
  /** What readers still see of projections that are not on the disk yet; null: there was none. */
  readonly #before = new Map<string, string | null>();
  /** Of these, what the transaction at work has added. */
  readonly #added = new Set<string>();

  constructor(connection: DatabaseSync) {
    this.#insert = connection.prepare('INSERT INTO annotations VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#newest = connection.prepare(
      `SELECT annotation_serial ${OF_MESSAGE} ORDER BY annotation_serial DESC LIMIT 1`,
    );
    this.#find = connection.prepare(
      `SELECT record, ${DELETED_BY} ${OF_MESSAGE} AND annotation_serial = ? AND serial <= ?`,
    );
    this.#page = connection.prepare(
      `SELECT record, ${DELETED_BY} ${OF_MESSAGE} AND annotation_serial > ? AND serial <= ? AND (? IS NULL OR type = ?)
       ORDER BY annotation_serial LIMIT ?`,
    );
    this.#bySerial = connection.prepare(
      `SELECT serial, history_serial, published_at_ms, record FROM annotations
       WHERE channel_id = ? AND serial BETWEEN ? AND ? ORDER BY serial`,
    );
    this.#removeEvents = connection.prepare(
      `DELETE FROM annotations WHERE channel_id = ? AND (history_serial, annotation_serial) IN (
        SELECT history_serial, annotation_serial FROM annotations
        WHERE channel_id = ? AND history_serial >= ? AND history_serial < ?
        ORDER BY history_serial, annotation_serial LIMIT ?)`,
    );
    this.#removeProjections = connection.prepare(
      'DELETE FROM projections WHERE channel_id = ? AND history_serial >= ? AND history_serial < ?',
    );
    this.#upsert = connection.prepare('INSERT OR REPLACE INTO projections VALUES (?, ?, ?, ?, ?)');
    this.#projection = connection.prepare(
      'SELECT state FROM projections WHERE channel_id = ? AND history_serial = ? AND type = ?',
    );
    this.#projections = connection.prepare(
      `SELECT history_serial, type, message_serial, state FROM projections WHERE channel_id = ?
       ORDER BY history_serial DESC, type`,
    );
    this.#nextMessage = connection.prepare(
      'SELECT history_serial FROM annotations WHERE channel_id = ? AND history_serial > ? ORDER BY history_serial LIMIT 1',
    );
  }

  /** Inside a transaction: stores an event and what its type now adds up to. */
  insert(channelId: number, annotation: StoredAnnotation, state: string): void {
    const { historySerial, serial, publishedAtMs, record } = annotation;
    const { annotationSerial, targetSerial, type, messageSerial } = record;
    this.#insert.run(
      channelId,
      historySerial,
      annotationSerial,
      serial,
      publishedAtMs,
      targetSerial ?? null,
      type,
      JSON.stringify(record),
    );
    const place = { channelId, historySerial, type };
    this.#remember(place);
    this.#upsert.run(channelId, historySerial, type, messageSerial, state);
  }

  /** The newest annotation serial of a message, to be seen or not. */
  newestSerial(channelId: number, historySerial: number): string | null {
    const serial = this.#newest.get(channelId, historySerial)?.annotation_serial;
    return typeof serial === 'string' ? serial : null;
  }

  find(
    channelId: number,
    historySerial: number,
    annotationSerial: string,
    until: number,
  ): AnnotationRecord | null {
    const row = this.#find.get(until, channelId, historySerial, annotationSerial, until);
    return row === undefined ? null : recordOf(row);
  }

  page(request: AnnotationsRequest): AnnotationRecord[] {
    const { channelId, historySerial, until, from = '', limit } = request;
    const type = request.type ?? null;
    return this.#page.all(until, channelId, historySerial, from, until, type, type, limit).map(recordOf);
  }

  /** All events of a channel with serials from `low` to `high`, oldest first. */
  between(channelId: number, low: number, high: number): StoredAnnotation[] {
    return this.#bySerial.all(channelId, low, high).map((row) => ({
      serial: Number(row.serial),
      historySerial: Number(row.history_serial),
      publishedAtMs: Number(row.published_at_ms),
      record: recordOf(row),
    }));
  }

  /** Inside a transaction: what a type adds up to as the transaction leaves it. */
  projection(channelId: number, historySerial: number, type: string): string | null {
    const state = this.#projection.get(channelId, historySerial, type)?.state;
    return typeof state === 'string' ? state : null;
  }

  /** Projections of a channel, newest message first, as readers see them. Read as it is walked through. */
  *projections(channelId: number): Generator<StoredProjection, void> {
    for (const row of this.#projections.iterate(channelId)) {
      const historySerial = Number(row.history_serial);
      const type = String(row.type);
      const before = this.#before.get(placeKey({ channelId, historySerial, type }));
      const state = before === undefined ? String(row.state) : before;
      if (state !== null) yield { historySerial, type, messageSerial: String(row.message_serial), state };
    }
  }

  /** The first message that has annotations. */
  firstMessage(channelId: number): number | null {
    return this.#messageAfter(channelId, -1);
  }

  /** Which of the creates from `low` to `high` have annotations, by serial. */
  messagesBetween(channelId: number, low: number, high: number): Set<number> {
    const found = new Set<number>();
    let next = this.#messageAfter(channelId, low - 1);
    while (next !== null && next <= high) {
      found.add(next);
      next = this.#messageAfter(channelId, next);
    }
    return found;
  }

  /**
   * Inside a transaction: removes at most `limit` events of creates `from` to before `until`; answers how many. If that is all of
   * them, the projections go, too.
   */
  remove(channelId: number, from: number, until: number, limit: number): number {
    const { changes } = this.#removeEvents.run(channelId, channelId, from, until, limit);
    if (changes < limit) this.#removeProjections.run(channelId, from, until);
    return Number(changes);
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

  #messageAfter(channelId: number, historySerial: number): number | null {
    const serial = this.#nextMessage.get(channelId, historySerial)?.history_serial;
    return typeof serial === 'number' ? serial : null;
  }

  #remember(place: Place): void {
    const key = placeKey(place);
    if (this.#before.has(key)) return;
    this.#before.set(key, this.projection(place.channelId, place.historySerial, place.type));
    this.#added.add(key);
  }
}

function placeKey({ channelId, historySerial, type }: Place): string {
  return `${channelId}:${historySerial}:${type}`;
}

function recordOf({ record, deleted_by: deletedBy }: Row): AnnotationRecord {
  // CAST: the column holds what `insert` wrote.
  const stored = JSON.parse(String(record)) as AnnotationRecord;
  return typeof deletedBy === 'string' ? { ...stored, deletedBy } : stored;
}

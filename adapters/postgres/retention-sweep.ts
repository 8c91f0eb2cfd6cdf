// Removes what is no longer to be seen: entries beyond retention or purged, logs left behind by resets, receipts that have ended.
// On a clock, one node at a time by an advisory lock, in small transactions, each holding one channel's row for milliseconds.
import { StoreUnavailable } from '@sockudo/server/ports';
import type pg from 'pg';
import { ADVISORY_LOCKS, LOCK_OF_RETENTION } from './database.ts';
import type { Logger } from './logger.ts';
import { createSession, type Session } from './session.ts';
import type { Statements } from './statements.ts';

export interface Removed {
  readonly messages: number;
  readonly bytes: number;
}

export interface RetentionSweepOptions {
  readonly connect: () => Promise<pg.Client>;
  readonly statements: Statements;
  readonly schema: string;
  readonly now: () => number;
  readonly logger: Logger;
  readonly intervalMs: number;
}

const CHANNELS_OF_A_ROUND = 500;
const CREATES_OF_A_SLICE = 500;
const ROWS_OF_A_SLICE = 2000;

export class RetentionSweep {
  readonly #options: RetentionSweepOptions;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<Removed> | null = null;
  #isClosed = false;

  constructor(options: RetentionSweepOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#onClock().catch((err: unknown) => options.logger.warn({ err }, 'retention could not run'));
    }, options.intervalMs);
    this.#timer.unref();
  }

  /** Once now, over everything; waits for another node that is at it. */
  run(): Promise<Removed> {
    if (this.#isClosed) return Promise.reject(new StoreUnavailable('the log is closed'));
    const before = this.#running ?? Promise.resolve();
    const run = before.catch(() => {}).then(() => this.#sweep('wait'));
    return this.#track(run).catch((error: unknown) => {
      throw new StoreUnavailable('the store could not remove', { cause: error });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#running?.catch(() => {});
  }

  async #onClock(): Promise<void> {
    if (this.#running === null && !this.#isClosed) await this.#track(this.#sweep('skip'));
  }

  #track(run: Promise<Removed>): Promise<Removed> {
    this.#running = run;
    const isOver = (): void => {
      if (this.#running === run) this.#running = null;
    };
    run.then(isOver, isOver);
    return run;
  }

  async #sweep(whenBusy: 'wait' | 'skip'): Promise<Removed> {
    const client = await this.#options.connect();
    try {
      const lock = whenBusy === 'wait' ? 'pg_advisory_lock' : 'pg_try_advisory_lock';
      const { rows } = await client.query<{ got: unknown }>(`SELECT ${lock}($1, $2) AS got`, [
        ADVISORY_LOCKS,
        LOCK_OF_RETENTION,
      ]);
      if (rows[0]?.got === false) return { messages: 0, bytes: 0 };
      const session = createSession(client, this.#options.statements);
      const removed = await this.#sweepChannels(client, session);
      await this.#sweepLogs(session);
      await this.#sweepReceipts(session);
      return removed;
    } finally {
      // The end of the session is the end of the lock.
      await client.end().catch(() => {});
    }
  }

  async #sweepChannels(client: pg.Client, session: Session): Promise<Removed> {
    const sum = { messages: 0, bytes: 0 };
    for (let after = 0; !this.#isClosed; ) {
      const round = await session.query<{ log_id: number; has_surplus: boolean }>('sweep-round', [
        after,
        CHANNELS_OF_A_ROUND,
        this.#options.now(),
      ]);
      for (const { log_id: logId, has_surplus } of round) {
        for (let more = has_surplus; more && !this.#isClosed; ) {
          const removed = await this.#slice(client, session, logId);
          sum.messages += removed.messages;
          sum.bytes += removed.bytes;
          more = removed.messages === CREATES_OF_A_SLICE;
        }
      }
      const last = round.at(-1);
      if (last === undefined) break;
      after = last.log_id;
    }
    return sum;
  }

  /** A mutation that holds the row is waited for, and sees afterwards what this left. */
  async #slice(client: pg.Client, session: Session, logId: number): Promise<Removed> {
    await client.query('BEGIN');
    const locked = await session.query('lock-log', [logId]);
    const [row] =
      locked.length === 0
        ? []
        : await session.query<Removed & { floor: number }>('sweep-channel', [
            logId,
            this.#options.now(),
            CREATES_OF_A_SLICE,
          ]);
    if (row !== undefined) await session.query('raise-floor', [logId, row.floor]);
    await client.query('COMMIT');
    return { messages: row?.messages ?? 0, bytes: row?.bytes ?? 0 };
  }

  async #sweepLogs(session: Session): Promise<void> {
    for (let logs = 1; logs > 0 && !this.#isClosed; ) {
      const [row] = await session.query<{ logs: number }>('sweep-log', [ROWS_OF_A_SLICE]);
      logs = row?.logs ?? 0;
    }
  }

  async #sweepReceipts(session: Session): Promise<void> {
    for (let removed = ROWS_OF_A_SLICE; removed === ROWS_OF_A_SLICE && !this.#isClosed; ) {
      const [row] = await session.query<{ removed: number }>('sweep-receipts', [
        this.#options.now(),
        ROWS_OF_A_SLICE,
      ]);
      removed = row?.removed ?? 0;
    }
  }
}

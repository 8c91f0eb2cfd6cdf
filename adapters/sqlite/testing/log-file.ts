// A file for each test, in a folder of its own, and a log on it whose rows the test can look at.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVersionSerials } from '@sockudo/protocol';
import { afterEach, beforeEach } from 'vitest';
import { createChannelLog, openDatabase, type SqliteChannelLogOptions } from '../index.ts';

export interface LogFile {
  readonly folder: string;
  /** Where the database goes. There is none until something opens it. */
  readonly path: string;
}

/** Call it where tests are collected: each of them finds another folder there, which is removed after it. */
export function freshLogFile(prefix: string): LogFile {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), prefix));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return {
    get folder(): string {
      return folder;
    },
    get path(): string {
      return join(folder, 'log.db');
    },
  };
}

/** A log with a clock that stands still, and beside it the database, to count what the file holds. */
export async function openWithRows(path: string, given: Partial<SqliteChannelLogOptions> = {}) {
  const clock = { nowMs: 1_700_000_000_000 };
  const now = (): number => clock.nowMs;
  const log = await createChannelLog({ path, now, ...given });
  const database = openDatabase({ path });
  /** @param rows a table, and what may follow FROM */
  const count = (rows: string): number =>
    Number(database.connection.prepare(`SELECT count(*) AS count FROM ${rows}`).get()?.count);
  const close = async (): Promise<void> => {
    await database.release();
    await log.close();
  };
  return { log, clock, serials: createVersionSerials('node-1', now), database, count, close };
}

export type OpenedLog = Awaited<ReturnType<typeof openWithRows>>;

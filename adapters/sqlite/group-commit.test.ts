// When operations are written, in what company, and what becomes of them when one fails. The database is in memory; the sync
// is a promise of the test.
import { DatabaseSync } from 'node:sqlite';
import { StoreUnavailable } from '@sockudo/server/ports';
import { describe, expect, it } from 'vitest';
import { GroupCommit, type Operation, type Participant } from './group-commit.ts';

class HeldSync {
  readonly #held: (() => void)[] = [];
  #arrived: () => void = () => {};

  readonly sync = (): Promise<void> =>
    new Promise((resolve) => {
      this.#held.push(resolve);
      this.#arrived();
    });

  /** Resolves when a sync has begun. */
  async begun(): Promise<void> {
    if (this.#held.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
  }

  release(): void {
    this.#held.shift()?.();
  }
}

function openWriter(syncWal: () => Promise<void> = async () => {}) {
  const connection = new DatabaseSync(':memory:');
  connection.exec('CREATE TABLE texts (text TEXT PRIMARY KEY)');
  const insert = connection.prepare('INSERT INTO texts VALUES (?)');
  const writer = new GroupCommit({ connection, syncWal });
  const log: string[] = [];

  function add(text: string, given: Partial<Operation> = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      writer.add({
        needsSync: true,
        bytes: 10,
        plan() {},
        write: () => insert.run(text),
        done: () => {
          log.push(text);
          resolve(text);
        },
        failed: reject,
        ...given,
      });
    });
  }

  function stored(): unknown[] {
    return connection
      .prepare('SELECT text FROM texts')
      .all()
      .map(({ text }) => text);
  }

  return { writer, add, stored, log };
}

describe('group commit', () => {
  it('writes all operations of a turn in one transaction, with one sync, done in order', async () => {
    const { writer, add, stored, log } = openWriter();
    await Promise.all(['a', 'b', 'c'].map((text) => add(text)));
    expect(writer.counts).toEqual({ transactions: 1, operations: 3, syncs: 1 });
    expect(log).toEqual(['a', 'b', 'c']);
    expect(stored()).toEqual(['a', 'b', 'c']);
  });

  it('gathers what comes during a sync for the next transaction', async () => {
    const held = new HeldSync();
    const { writer, add, stored } = openWriter(held.sync);
    const first = add('a');
    await held.begun();
    const later = ['b', 'c', 'd'].map((text) => add(text));
    expect(stored()).toEqual(['a']);
    held.release();
    await first;
    await held.begun();
    held.release();
    await Promise.all(later);
    expect(writer.counts).toEqual({ transactions: 2, operations: 4, syncs: 2 });
  });

  it('does not wait for the disk where no operation asks for it', async () => {
    const { writer, add } = openWriter(() => Promise.reject(new Error('no sync was expected')));
    await add('a', { needsSync: false });
    expect(writer.counts.syncs).toBe(0);
  });

  it('refuses an operation whose plan throws, alone and without a retry', async () => {
    const { writer, add, stored } = openWriter();
    const refused = add('b', {
      plan() {
        throw new RangeError('refused');
      },
    });
    const others = Promise.all([add('a'), add('c')]);
    await expect(refused).rejects.toThrow(RangeError);
    await others;
    expect(stored()).toEqual(['a', 'c']);
    expect(writer.counts.transactions).toBe(1);
  });

  it('retries a group one by one when a write fails, so that only the culprit fails', async () => {
    const { add, stored } = openWriter();
    const results = await Promise.allSettled(['a', 'b', 'a', 'c'].map((text) => add(text)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    const failure = results[2];
    expect(failure?.status === 'rejected' && failure.reason).toBeInstanceOf(StoreUnavailable);
    expect(stored()).toEqual(['a', 'b', 'c']);
  });

  it('tells participants what became of the transaction', async () => {
    const { writer, add } = openWriter();
    const heard: string[] = [];
    const participant: Participant = {
      beforeCommit: () => heard.push('before'),
      committed: () => heard.push('committed'),
      synced: () => heard.push('synced'),
      rolledBack: () => heard.push('rolled back'),
    };
    const leave = writer.join(participant);
    await add('a');
    await Promise.allSettled([add('b'), add('a')]);
    expect(heard).toEqual([
      ...['before', 'committed', 'synced'],
      ...['rolled back', 'before', 'committed', 'rolled back', 'synced'],
    ]);
    leave();
    heard.length = 0;
    await add('c');
    expect(heard).toEqual([]);
  });

  it('starts no transaction while it is paused', async () => {
    const { writer, add, stored } = openWriter();
    writer.pause();
    writer.pause();
    const added = add('a');
    writer.resume();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(stored()).toEqual([]);
    writer.resume();
    await added;
    expect(stored()).toEqual(['a']);
  });

  it('fails all, for good, once a sync has failed', async () => {
    const { add } = openWriter(() => Promise.reject(new Error('input/output error')));
    const first = add('a');
    await expect(first).rejects.toThrow('restart the server');
    await expect(add('b')).rejects.toMatchObject({ cause: { message: 'input/output error' } });
  });

  it('refuses operations beyond the bound of its queue', async () => {
    const { writer, add } = openWriter();
    writer.pause();
    const large = add('a', { bytes: 300 * 1024 * 1024 });
    await expect(add('b')).rejects.toThrow('too many commits are waiting');
    writer.resume();
    await large;
    await add('b');
  });

  it('ends what it has taken on before it closes, and takes nothing more', async () => {
    const held = new HeldSync();
    const { writer, add, log } = openWriter(held.sync);
    const added = [add('a'), add('b')];
    const closed = writer.close().then(() => log.push('closed'));
    await expect(add('c')).rejects.toThrow('closed');
    await held.begun();
    held.release();
    await Promise.all([...added, closed]);
    expect(log).toEqual(['a', 'b', 'closed']);
  });
});

import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { GroupedWrites } from './grouped-writes.ts';

/** The server's answer to a statement that it does not take. */
function refusal(): Error {
  const error = new pg.DatabaseError('refused', 1, 'error');
  error.code = '22023';
  return error;
}

describe('writes in groups', () => {
  it('go together as far as they came while the last one was under way, in the order of the calls', async () => {
    const groups: (readonly number[])[] = [];
    const gate = Promise.withResolvers<void>();
    const writes = new GroupedWrites<number>(async (items) => {
      groups.push(items);
      if (groups.length === 1) await gate.promise;
    }, 3);
    const first = writes.add(1);
    await expect.poll(() => groups.length).toBe(1);
    const others = [2, 3, 4, 5].map((item) => writes.add(item));
    expect(writes.waiting).toBe(4);
    gate.resolve();
    await Promise.all([first, ...others]);
    expect(groups).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('refuse one that the server refuses, and not its neighbours', async () => {
    const written: number[] = [];
    const writes = new GroupedWrites<number>(async (items) => {
      if (items.includes(2)) throw refusal();
      written.push(...items);
    }, 10);
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => writes.add(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(written).toEqual([1, 3]);
  });

  it('are tried once more where the connection was lost, then refused as a whole', async () => {
    const attempts: (readonly number[])[] = [];
    let failures = 1;
    const writes = new GroupedWrites<number>(async (items) => {
      attempts.push(items);
      failures -= 1;
      if (failures >= 0) throw new Error('the connection was lost');
    }, 10);
    await Promise.all([writes.add(1), writes.add(2)]);
    failures = 2;
    const outcomes = await Promise.allSettled([writes.add(3), writes.add(4)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(attempts).toEqual([
      [1, 2],
      [1, 2],
      [3, 4],
      [3, 4],
    ]);
    await writes.add(5);
    await writes.end();
    expect(attempts.at(-1)).toEqual([5]);
  });
});

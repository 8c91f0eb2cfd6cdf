// Receipts against a model, whatever moves between memory and the table, is rolled back, or is there after a start.
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { migrate } from './migrations.ts';
import { ReceiptTable } from './receipt-table.ts';
import { Receipts } from './receipts.ts';
import { RecentReceipts } from './recent-receipts.ts';

const SCOPES = ['a', 'b'];
const KEYS = ['1', '2', '3', '4'];
const NEVER_MS = 1000;

type Step =
  | { readonly do: 'insert' | 'insertOneOfMany'; readonly scope: string; readonly key: string }
  | { readonly do: 'settle' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('insert' as const), ...place() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('insertOneOfMany' as const), ...place() }) },
  { weight: 2, arbitrary: fc.constant({ do: 'settle' } as const) },
);
const transaction = fc.record({
  steps: fc.array(step, { maxLength: 8 }),
  commits: fc.boolean(),
  restarts: fc.boolean(),
});

function place() {
  return { scope: fc.constantFrom(...SCOPES), key: fc.constantFrom(...KEYS) };
}

function open(connection: DatabaseSync, maxRows: number, now = () => 0): Receipts {
  const table = new ReceiptTable(connection);
  return new Receipts({ recent: new RecentReceipts(connection), table, maxRows, now });
}

function connect(): DatabaseSync {
  const connection = new DatabaseSync(':memory:');
  migrate(connection, ':memory:');
  return connection;
}

const count = (connection: DatabaseSync, table: string): number =>
  Number(connection.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);

describe('receipts', () => {
  it('are those of the transactions that were committed', () => {
    fc.assert(
      fc.property(
        fc.array(transaction, { maxLength: 12 }),
        fc.integer({ min: 0, max: 4 }),
        (all, maxRows) => {
          const connection = connect();
          let receipts = open(connection, maxRows);
          let model = new Map<string, string>();
          let answer = 0;
          for (const { steps, commits, restarts } of all) {
            const next = new Map(model);
            connection.exec('BEGIN');
            for (const one of steps) {
              if (one.do === 'settle') receipts.settleSome();
              if (one.do !== 'insert' && one.do !== 'insertOneOfMany') continue;
              answer += 1;
              const receipt = { scope: one.scope, key: one.key, expiresAtMs: NEVER_MS, answer: `${answer}` };
              const isNew = !receipts.used(one.scope, KEYS).has(one.key);
              const insert = one.do === 'insertOneOfMany' && isNew ? one.do : 'insert';
              receipts[insert](receipt, { channelId: 1, historySerial: answer });
              next.set(`${one.scope}${one.key}`, receipt.answer);
            }
            receipts.beforeCommit();
            connection.exec(commits ? 'COMMIT' : 'ROLLBACK');
            if (commits) receipts.committed();
            else receipts.rolledBack();
            if (commits) model = next;
            if (restarts) receipts = open(connection, maxRows);
            expectModel(receipts, model);
          }
          connection.close();
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('stay few: what is beyond the bound moves, scope by scope', () => {
    const connection = connect();
    const receipts = open(connection, 10);
    for (let group = 0; group < 50; group += 1) {
      for (const scope of SCOPES) {
        receipts.insert({ scope, key: `${group}`, expiresAtMs: NEVER_MS, answer: 'x' });
      }
      receipts.beforeCommit();
      receipts.committed();
      expect(receipts.waiting).toBeLessThanOrEqual(12);
    }
    expect(count(connection, 'receipts')).toBe(100 - receipts.waiting);
    while (receipts.waiting > 0) receipts.settleSome();
    expect(count(connection, 'recent_receipts')).toBe(0);
    expect(receipts.used('a', ['0', '49', 'other'])).toEqual(new Set(['0', '49']));
  });

  it('that have ended are found no more, and never get to the table', () => {
    const connection = connect();
    let nowMs = 0;
    const receipts = open(connection, 100, () => nowMs);
    receipts.insert({ scope: 'a', key: '1', expiresAtMs: 50, answer: 'early' });
    receipts.insert({ scope: 'a', key: '2', expiresAtMs: 500, answer: 'late' });
    nowMs = 50;
    expect(receipts.find('a', '1')).toBeNull();
    receipts.insert({ scope: 'a', key: '1', expiresAtMs: 200, answer: 'again' });
    expect(receipts.find('a', '1')?.receipt.answer).toBe('again');
    nowMs = 200;
    while (receipts.waiting > 0) receipts.settleSome();
    expect(count(connection, 'receipts')).toBe(1);
    expect(receipts.find('a', '2')?.receipt.answer).toBe('late');
  });
});

function expectModel(receipts: Receipts, model: ReadonlyMap<string, string>): void {
  for (const scope of SCOPES) {
    const used = receipts.used(scope, KEYS);
    for (const key of KEYS) {
      expect(receipts.find(scope, key)?.receipt.answer).toBe(model.get(`${scope}${key}`));
      expect(used.has(key)).toBe(model.has(`${scope}${key}`));
    }
  }
}

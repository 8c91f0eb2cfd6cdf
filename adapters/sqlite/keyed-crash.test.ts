// kill -9 at random moments of a burst of batches: what was acknowledged is there, and no batch is there in part.
import type { KeyedStore } from '@sockudo/server/ports';
import { describe, expect, it } from 'vitest';
import { scanAll } from '../../core/server/ports/keyed-store.contract-support.ts';
import { createKeyedStore } from './index.ts';
import { killedBurst, SHORT_WAL } from './testing/killed-writer.ts';
import { freshLogFile } from './testing/log-file.ts';

const PROGRAM = new URL('./keyed-crash-writer.fixture.ts', import.meta.url);

interface Burst {
  /** Newest acknowledged number of each writer. */
  readonly newest: Map<string, number>;
  readonly revisions: number[];
}

const file = freshLogFile('sockudo-crash-');

describe('a process that is killed during a burst of batches', () => {
  it('leaves whole batches, all that were acknowledged, and revisions that nobody has', async () => {
    const burst: Burst = { newest: new Map(), revisions: [] };
    for (let round = 0; round < 5; round += 1) {
      const writer = { program: PROGRAM, path: file.path, round, walBytes: SHORT_WAL };
      await killedBurst(writer, 50 + Math.floor(Math.random() * 1000), (line) => take(line, burst));
      const store = await createKeyedStore({ path: file.path });
      for (const [name, number] of burst.newest) await expectWhole(store, name, number);
      await store.close();
    }
    expect(new Set(burst.revisions).size).toBe(burst.revisions.length);
  }, 120_000);
});

/** Answers whether the line tells of a batch. The kill may cut the last one short. */
function take(line: string, { newest, revisions }: Burst): boolean {
  if (!line.endsWith(' .')) return false;
  const [name = '', number = '', revision = ''] = line.split(' ');
  newest.set(name, Number(number));
  revisions.push(Number(revision));
  return true;
}

async function expectWhole(store: KeyedStore, name: string, acknowledged: number): Promise<void> {
  const counter = await store.get(`counter/${name}`);
  const count = Number(counter?.value);
  expect(count).toBeGreaterThanOrEqual(acknowledged);
  const items = await scanAll(store, { prefix: `item/${name}/`, limit: 1000 });
  const numbers = items.map(({ key }) => Number(key.split('/')[2])).sort((one, other) => one - other);
  expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  const newest = await scanAll(store, { prefix: `newest/${name}/`, limit: 10 });
  expect(newest.map(({ key }) => key)).toEqual([`newest/${name}/${count}`]);
  expect(newest[0]?.revision).toBe(counter?.revision);
}

import { describe, expect, it } from 'vitest';
import { type Page, pageOf } from './page.ts';

interface Answer {
  readonly items: readonly number[];
  readonly at: number;
}

/** Pages of two, of the numbers below `count`; `fetched` notes which were asked for. */
function pageAt(at: number, count: number, fetched: number[] = []): Page<Answer, number> {
  fetched.push(at);
  const items = [at, at + 1].filter((item) => item < count);
  const isLast = at + 2 >= count;
  return pageOf<Answer, number>({ items, at }, isLast ? null : async () => pageAt(at + 2, count, fetched));
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('pageOf', () => {
  it('leads from page to page', async () => {
    const first = pageAt(0, 3);
    const second = await first.next();
    expect([first.hasNext(), second?.hasNext(), second?.items, await second?.next()]).toEqual([
      true,
      false,
      [2],
      null,
    ]);
  });

  it('iterates over everything that follows, from any page and again', async () => {
    const first = pageAt(0, 5);
    expect(await all(first)).toEqual([0, 1, 2, 3, 4]);
    expect(await all(first)).toEqual([0, 1, 2, 3, 4]);
    const second = await first.next();
    expect(second === null ? null : await all(second)).toEqual([2, 3, 4]);
    expect((await all(first.pages())).map(({ at }) => at)).toEqual([0, 2, 4]);
  });

  it('fetches a page only when it is reached', async () => {
    const fetched: number[] = [];
    for await (const item of pageAt(0, 9, fetched)) if (item === 2) break;
    expect(fetched).toEqual([0, 2]);
  });

  it('shows only what was answered', () => {
    const page = pageAt(0, 1);
    expect(Object.keys(page)).toEqual(['items', 'at']);
    expect(JSON.stringify(page)).toBe('{"items":[0],"at":0}');
  });
});

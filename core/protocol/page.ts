/**
 * Pages of an answer as SDKs hand them out: the answer itself, with the way on. The steps are no enumerable members, so that an
 * answer prints, compares and is passed on as it came.
 * Must not know: what is on the pages, who asks for them.
 */

/** The way on from a page; iterating goes over the items of this page and of all that follow, each fetched when it is reached. */
export interface PageSteps<Answer extends object, Item> extends AsyncIterable<Item> {
  hasNext(): boolean;
  /** The next page; null after the last. Asked again, it is fetched again. */
  next(): Promise<Page<Answer, Item> | null>;
  /** This page and all that follow. */
  pages(): AsyncIterable<Page<Answer, Item>>;
}

export type Page<Answer extends object, Item> = Answer & PageSteps<Answer, Item>;

/** @param fetchNext null: this is the last page */
export function pageOf<Answer extends { readonly items: readonly Item[] }, Item>(
  answer: Answer,
  fetchNext: (() => Promise<Page<Answer, Item>>) | null,
): Page<Answer, Item> {
  const next = async () => (fetchNext === null ? null : fetchNext());
  async function* pages(): AsyncGenerator<Page<Answer, Item>> {
    for (let at: Page<Answer, Item> | null = page; at !== null; at = await at.next()) yield at;
  }
  async function* items(): AsyncGenerator<Item> {
    for await (const { items } of pages()) yield* items;
  }
  const page: Page<Answer, Item> = Object.defineProperties(
    // CAST: the steps are defined in this very expression.
    { ...answer } as Page<Answer, Item>,
    {
      hasNext: { value: () => fetchNext !== null },
      next: { value: next },
      pages: { value: pages },
      [Symbol.asyncIterator]: { value: items },
    },
  );
  return page;
}

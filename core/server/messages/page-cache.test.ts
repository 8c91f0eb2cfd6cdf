import { describe, expect, it } from 'vitest';
import type { StreamState } from '../ports/channel-log.ts';
import { PageCache } from './page-cache.ts';

function state(changes: Partial<StreamState> = {}, serial = 5): StreamState {
  return {
    head: { streamId: 's', serial },
    oldestSerial: 1,
    newestSerial: 5,
    oldestPublishedAtMs: 1,
    newestPublishedAtMs: 2,
    messages: 5,
    bytes: 100,
    ...changes,
  };
}

describe('a page', () => {
  it('is kept until its channel changes', () => {
    for (const later of [
      state({}, 6),
      state({ head: { streamId: 'other', serial: 5 } }),
      state({ oldestSerial: 2 }),
      state({ messages: 4 }),
    ]) {
      const pages = new PageCache<string>();
      pages.set('request', state(), 'page');
      expect(pages.get('request', state())).toBe('page');
      expect(pages.get('another', state())).toBeNull();
      expect(pages.get('request', later)).toBeNull();
      expect(pages.get('request', state())).toBeNull();
    }
  });

  it('makes room for others when it is the longest unused', () => {
    const pages = new PageCache<string>({ maxLength: 20, maxPageLength: 8 });
    for (const request of ['a', 'b', 'c', 'd']) pages.set(request, state(), '1234');
    pages.get('a', state());
    pages.set('e', state(), '1234');
    const kept = ['a', 'b', 'c', 'd', 'e'].filter((request) => pages.get(request, state()) !== null);
    expect(kept).toEqual(['a', 'c', 'd', 'e']);
  });

  it('is not kept when it is large', () => {
    const pages = new PageCache<string>({ maxLength: 20, maxPageLength: 8 });
    pages.set('a', state(), '12345678');
    expect(pages.get('a', state())).toBeNull();
  });
});

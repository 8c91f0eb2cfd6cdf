import { describe, expect, it } from 'vitest';
import type { Turn } from '../answer/question.ts';
import { StoredResponse } from './response.ts';
import { MAX_RESPONSES, MAX_SIZE, ResponseStore } from './store.ts';

function response(text = '', isOver = true): StoredResponse {
  const turns: Turn[] = [{ role: 'user', text }];
  const play = {
    parts: [],
    pieces: [],
    reason: 'stop' as const,
    usage: { input: 0, output: 0, reasoning: 0 },
  };
  const one = new StoredResponse({ model: 'local-model', input: '' }, turns, play);
  if (isOver) one.cancel();
  return one;
}

describe('ResponseStore', () => {
  it('forgets the oldest that are over, and none that is under way', () => {
    const store = new ResponseStore();
    const [first, second, third] = [response(), response('', false), response()];
    for (const one of [first, second, third]) store.add(one);
    for (let index = 0; index < MAX_RESPONSES - 2; index += 1) store.add(response());
    expect([first, second, third].map(({ id }) => store.get(id) !== undefined)).toEqual([false, true, true]);
    store.close();
    expect(second.status).toBe('cancelled');
  });

  it('is bounded by size, too', () => {
    const store = new ResponseStore();
    const long = 'x'.repeat(MAX_SIZE / 8);
    const all = [response(long), response(long), response(long), response(long), response(long)];
    for (const one of all.slice(0, 4)) store.add(one);
    expect(store.get(all[0]?.id ?? '')).toBe(all[0]);
    store.add(response('y'));
    expect(store.get(all[0]?.id ?? '')).toBeUndefined();
    expect(store.get(all[1]?.id ?? '')).toBe(all[1]);
    store.delete(all[1]?.id ?? '');
    store.add(all[4] ?? response());
    expect(store.get(all[2]?.id ?? '')).toBe(all[2]);
  });
});

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CallFailed } from './backend.ts';
import { type Draft, Outbox } from './outbox.ts';

const stored = new Map<string, string>();

beforeEach(() => {
  stored.clear();
  vi.useFakeTimers();
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** An outbox whose sendings are noted and answered by `answer`. */
function create(answer: (draft: Draft) => Promise<void> = async () => {}) {
  const sent: Draft[] = [];
  const refused: Draft[] = [];
  const outbox = new Outbox({
    send: (draft) => {
      sent.push(draft);
      return answer(draft);
    },
    onChange: () => {},
    onRefused: (draft) => refused.push(draft),
  });
  return { outbox, sent, refused };
}

it('waits for a pause and sends only the latest text', async () => {
  const { outbox, sent } = create();
  for (const text of ['a', 'ab', 'abc']) outbox.put('m1', text);
  await vi.runAllTimersAsync();
  expect(sent.map(({ text }) => text)).toEqual(['abc']);
  expect([outbox.size, outbox.textOf('m1')]).toEqual([0, undefined]);
});

it('sends again with the same operation until it is taken, also after a reload', async () => {
  const failing = create(async () => {
    throw new CallFailed('gone');
  });
  failing.outbox.put('m1', 'kept');
  await vi.advanceTimersByTimeAsync(5000);
  expect(failing.sent.length).toBeGreaterThan(1);
  const reloaded = create();
  expect(reloaded.outbox.textOf('m1')).toBe('kept');
  await vi.advanceTimersByTimeAsync(0);
  expect(reloaded.outbox.size).toBe(0);
  expect(new Set([...failing.sent, ...reloaded.sent].map(({ opId }) => opId)).size).toBe(1);
});

it('keeps what was written while the text before it was sent', async () => {
  const texts: string[] = [];
  const { outbox } = create(async ({ text }) => {
    texts.push(text);
    if (text === 'one') outbox.put('m1', 'two');
  });
  outbox.put('m1', 'one');
  await vi.runAllTimersAsync();
  expect(texts).toEqual(['one', 'two']);
});

it('gives up what is refused, and goes on with the rest', async () => {
  const { outbox, refused, sent } = create(async ({ serial }) => {
    if (serial === 'm1') throw new CallFailed('no', 404);
  });
  outbox.put('m1', 'a');
  outbox.put('m2', 'b');
  await vi.runAllTimersAsync();
  expect(refused.map(({ serial }) => serial)).toEqual(['m1']);
  expect(sent.map(({ serial }) => serial)).toEqual(['m1', 'm2']);
  expect(outbox.size).toBe(0);
});

// Calls that wait while nobody looks: nothing here waits for a clock.
import { expect, it } from 'vitest';
import { whileWatched } from './attention.ts';
import type { ModelEvent } from './events.ts';

async function* nothing(): AsyncGenerator<ModelEvent> {}

/** Somebody looks as `looks` says, one answer a question; each question takes 10 s of the clock. */
function watched(looks: readonly (boolean | Error)[], more: { maxMs?: number } = {}) {
  const abort = new AbortController();
  let questions = 0;
  let nowMs = 0;
  const isWatched = async (): Promise<boolean> => {
    const look = looks[questions] ?? true;
    questions += 1;
    nowMs += 10_000;
    if (look instanceof Error) throw look;
    return look;
  };
  const sockudo = { get: () => Promise.reject(new Error('not asked')) };
  const options = { sockudo, isWatched, pollMs: 1, graceMs: 30_000, now: () => nowMs, ...more };
  const run = { channel: 'private-ai-1', signal: abort.signal };
  const ask = whileWatched(run, options, nothing);
  return {
    abort,
    call: async () => ask([], { round: 1, signal: abort.signal }),
    questions: () => questions,
  };
}

it('does not wait while somebody looks, nor for a short absence', async () => {
  const { call, questions } = watched([true, false, false, true]);
  for (let calls = 0; calls < 4; calls += 1) await call();
  expect(questions()).toBe(4);
});

it('waits for somebody after a long absence', async () => {
  const { call, questions } = watched([true, false, false, false, false, false, true]);
  for (let calls = 0; calls < 4; calls += 1) await call();
  // The fourth call found nobody for 30 s, and asked until somebody came.
  expect(questions()).toBe(7);
});

it('goes on in the end, when it is cancelled, and where nobody knows', async () => {
  const nobody = Array<boolean>(50).fill(false);
  const late = watched(nobody, { maxMs: 100_000 });
  for (let calls = 0; calls < 3; calls += 1) await late.call();
  expect(late.questions()).toBe(3 + 10);
  const cancelled = watched(nobody);
  cancelled.abort.abort();
  for (let calls = 0; calls < 4; calls += 1) await cancelled.call();
  expect(cancelled.questions()).toBe(4);
  const unknown = watched(Array(5).fill(new Error('down')));
  for (let calls = 0; calls < 5; calls += 1) await unknown.call();
  expect(unknown.questions()).toBe(5);
});

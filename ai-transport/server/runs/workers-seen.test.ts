import { expect, it } from 'vitest';
import { WorkersSeen } from './workers-seen.ts';

it('remembers for a minute which channels workers ask for', () => {
  let nowMs = 0;
  const workers = new WorkersSeen(() => nowMs);
  workers.saw('app', 'private-ai-');
  expect(workers.serve('app', 'private-ai-s')).toBe(true);
  expect(workers.serve('app', 'private-other')).toBe(false);
  expect(workers.serve('other', 'private-ai-s')).toBe(false);
  nowMs = 30_000;
  workers.saw('app', 'private-ai-');
  nowMs = 89_999;
  expect(workers.serve('app', 'private-ai-s')).toBe(true);
  nowMs = 90_000;
  expect(workers.serve('app', 'private-ai-s')).toBe(false);
});

it('remembers so many and no more, the newest', () => {
  const workers = new WorkersSeen(() => 0);
  for (let index = 0; index <= 10_000; index += 1) workers.saw('app', `channel-${index}-`);
  expect(workers.serve('app', 'channel-0-')).toBe(false);
  expect(workers.serve('app', 'channel-1-')).toBe(true);
  expect(workers.serve('app', 'channel-10000-')).toBe(true);
});

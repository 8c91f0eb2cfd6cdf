import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FlushTimer } from './flush-timer.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const clock = (): number => performance.now();

it('ends windows in time, whatever comes in between', () => {
  const late: number[] = [];
  const onError = vi.fn();
  const timer = new FlushTimer({ clock, onError });
  const add = (lengthMs: number): void => {
    const endsAtMs = clock() + lengthMs;
    timer.add({ endsAtMs, ended: (nowMs) => late.push(nowMs - endsAtMs) });
  };
  for (const lengthMs of [500, 40.5, 20, 41, 100]) {
    add(lengthMs);
    vi.advanceTimersByTime(3);
  }
  vi.advanceTimersByTime(20);
  add(20.2);
  vi.advanceTimersByTime(600);
  expect(late).toHaveLength(6);
  for (const ms of late) {
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThanOrEqual(4);
  }
  expect(timer.isRunning).toBe(false);
  expect(onError).not.toHaveBeenCalled();
});

it('goes on after a window that fails', () => {
  const failures: unknown[] = [];
  const ended: string[] = [];
  const timer = new FlushTimer({ clock, onError: (error) => failures.push(error) });
  const end = (name: string) => (): void => {
    ended.push(name);
    if (name === 'first') throw new Error('broken');
  };
  timer.add({ endsAtMs: clock() + 20, ended: end('first') });
  timer.add({ endsAtMs: clock() + 20, ended: end('second') });
  vi.advanceTimersByTime(30);
  expect([ended, failures.map(String)]).toEqual([['first', 'second'], ['Error: broken']]);
});

it('ends nothing once it is closed', () => {
  const ended = vi.fn();
  const timer = new FlushTimer({ clock, onError: ended });
  timer.add({ endsAtMs: clock() + 20, ended });
  timer.close();
  vi.advanceTimersByTime(100);
  expect(ended).not.toHaveBeenCalled();
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DelayedEvents } from './delayed-events.ts';
import { endpoint, webhookApp } from './testing/webhook-app.ts';
import type { WebhookEvent } from './webhook-event.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const app = webhookApp([endpoint()]);
const event = (channel: string): WebhookEvent => ({ name: 'channel_vacated', channel });
const yes = () => true;

function start(maxPending = 100) {
  const emitted: string[] = [];
  const errors: unknown[] = [];
  const delayed = new DelayedEvents({
    emit: (_, { channel }) => void emitted.push(channel),
    onError: (_, error) => void errors.push(error),
    maxPending,
  });
  return { delayed, emitted, errors };
}

describe('DelayedEvents', () => {
  it('sends an event that is still true after the delay, and no other', async () => {
    const { delayed, emitted } = start();
    delayed.add(app, event('a'), 3_000, async () => true);
    delayed.add(app, event('b'), 3_000, () => false);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(emitted).toEqual([]);
    await vi.advanceTimersByTimeAsync(2);
    expect(emitted).toEqual(['a']);
  });

  it('serves different delays with one timer', async () => {
    const { delayed, emitted } = start();
    const before = vi.getTimerCount();
    delayed.add(app, event('slow'), 5_000, yes);
    delayed.add(app, event('fast'), 1_000, yes);
    delayed.add(app, event('later'), 5_000, yes);
    expect(vi.getTimerCount()).toBe(before + 1);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(emitted).toEqual(['fast', 'slow', 'later']);
    expect(vi.getTimerCount()).toBe(before);
  });

  it('keeps the order of due times when answers come out of order', async () => {
    const { delayed, emitted } = start();
    const slow = Promise.withResolvers<boolean>();
    delayed.add(app, event('a'), 1_000, () => slow.promise);
    delayed.add(app, event('b'), 2_000, yes);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(emitted).toEqual([]);
    slow.resolve(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(emitted).toEqual(['a', 'b']);
  });

  it('asks a question that failed once more, then reports it', async () => {
    const { delayed, emitted, errors } = start();
    let asked = 0;
    delayed.add(app, event('a'), 1_000, async () => {
      asked += 1;
      if (asked === 1) throw new Error('away');
      return true;
    });
    delayed.add(app, event('b'), 1_000, () => {
      throw new Error('broken');
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(emitted).toEqual(['a']);
    expect(errors).toHaveLength(1);
  });

  it('decides the oldest early when there are too many', async () => {
    const { delayed, emitted } = start(2);
    for (const name of ['a', 'b', 'c']) delayed.add(app, event(name), 3_000, yes);
    await vi.advanceTimersByTimeAsync(0);
    expect(emitted).toEqual(['a']);
  });

  it('decides everything at close, and at once what comes later', async () => {
    const { delayed, emitted } = start();
    delayed.add(app, event('a'), 3_000, yes);
    delayed.add(app, event('b'), 9_000, () => false);
    await delayed.close();
    expect(emitted).toEqual(['a']);
    expect(vi.getTimerCount()).toBe(0);
    delayed.add(app, event('c'), 3_000, yes);
    await delayed.close();
    expect(emitted).toEqual(['a', 'c']);
  });
});

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineWheel } from './deadline-wheel.ts';

let nowMs: number;
let wheel: DeadlineWheel;
beforeEach(() => {
  nowMs = 5_000_400;
  wheel = new DeadlineWheel(() => nowMs);
});
afterEach(() => wheel.close());

function advance(ms: number): void {
  nowMs += ms;
  wheel.advance();
}

const deadline = () => ({ due: vi.fn() });

describe('a deadline', () => {
  it('is due once, with the time of the tick', () => {
    const one = deadline();
    wheel.schedule(one, 2000);
    advance(1999);
    expect(one.due).not.toHaveBeenCalled();
    advance(1000);
    advance(5000);
    expect(one.due).toHaveBeenCalledExactlyOnceWith(5_003_399);
  });

  it('is never early and at most a second late, however the ticks fall', () =>
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 300 }),
        (delayMs, steps) => {
          nowMs = 5_000_400;
          const own = new DeadlineWheel(() => nowMs);
          const dueAtMs = nowMs + delayMs;
          const one = deadline();
          own.schedule(one, delayMs);
          for (const step of steps) {
            const before = one.due.mock.calls.length;
            nowMs += step;
            own.advance();
            if (one.due.mock.calls.length > before) expect(nowMs).toBeGreaterThanOrEqual(dueAtMs);
            else if (before === 0) expect(nowMs).toBeLessThan(dueAtMs + 1000);
          }
          own.close();
        },
      ),
    ));

  it('without a delay is due at the next tick', () => {
    const one = deadline();
    wheel.schedule(one, 0);
    wheel.advance();
    expect(one.due).not.toHaveBeenCalled();
    advance(1000);
    expect(one.due).toHaveBeenCalledOnce();
  });

  it('is not due when it was cancelled', () => {
    const [one, other] = [deadline(), deadline()];
    const slot = wheel.schedule(one, 1000);
    wheel.schedule(other, 1000);
    wheel.cancel(one, slot);
    wheel.cancel(one, slot);
    wheel.cancel(one, 99);
    advance(3000);
    expect(one.due).not.toHaveBeenCalled();
    expect(other.due).toHaveBeenCalledOnce();
  });

  it('can schedule itself again', () => {
    let times = 0;
    const again = {
      due() {
        times += 1;
        wheel.schedule(again, 1000);
      },
    };
    wheel.schedule(again, 1000);
    for (let tick = 0; tick < 10; tick += 1) advance(1000);
    expect(times).toBeGreaterThanOrEqual(5);
  });
});

describe('the wheel', () => {
  it('runs what it slept through in the order of the seconds', () => {
    const order: string[] = [];
    for (const [name, delayMs] of [
      ['late', 9000],
      ['early', 1000],
      ['middle', 4000],
    ] as const) {
      wheel.schedule({ due: () => void order.push(name) }, delayMs);
    }
    advance(60_000);
    expect(order).toEqual(['early', 'middle', 'late']);
  });

  it('tells the time of the last tick', () => {
    expect(wheel.nowMs).toBe(5_000_400);
    nowMs += 300;
    expect(wheel.nowMs).toBe(5_000_400);
    wheel.advance();
    expect(wheel.nowMs).toBe(5_000_700);
  });

  it('runs nothing once closed', () => {
    const one = deadline();
    wheel.schedule(one, 1000);
    wheel.close();
    advance(5000);
    expect(one.due).not.toHaveBeenCalled();
  });

  it('does not follow a system clock that is set back', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const own = new DeadlineWheel();
      const before = own.nowMs;
      vi.setSystemTime(Date.now() - 3_600_000);
      own.advance();
      expect(own.nowMs).toBeGreaterThanOrEqual(before);
      own.close();
    } finally {
      vi.useRealTimers();
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpiringMap } from './expiring-map.ts';

describe('ExpiringMap', () => {
  it('holds what a plain list says, whatever is set, deleted and expired', () => {
    const key = fc.nat({ max: 12 }).map((index) => `k${index}`);
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key, endMs: fc.nat({ max: 50 }) }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('expire' as const), nowMs: fc.nat({ max: 50 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const map = new ExpiringMap<string>(100);
        const model = new Map<string, number>();
        for (const taken of steps) {
          if (taken.kind === 'set') {
            map.set(taken.key, taken.key, taken.endMs);
            model.set(taken.key, taken.endMs);
          } else if (taken.kind === 'delete') {
            map.delete(taken.key);
            model.delete(taken.key);
          } else {
            map.removeExpired(taken.nowMs);
            for (const [name, endMs] of model) if (endMs <= taken.nowMs) model.delete(name);
          }
          expect(map.size).toBe(model.size);
          expect(map.nextExpiryMs).toBe(model.size === 0 ? null : Math.min(...model.values()));
          for (const [name, endMs] of model) {
            expect(map.get(name, endMs - 1)).toMatchObject({ value: name, expiresAtMs: endMs });
            expect(map.get(name, endMs)).toBeUndefined();
          }
        }
      }),
    );
  });

  it('removes no more than asked at once, the first to end first', () => {
    const map = new ExpiringMap<number>(10);
    for (const endMs of [5, 3, 4, 1, 2]) map.set(`k${endMs}`, endMs, endMs);
    expect(map.removeExpired(10, 2)).toBe(2);
    expect(map.nextExpiryMs).toBe(3);
    expect(map.removeExpired(4)).toBe(2);
    expect(map.size).toBe(1);
  });

  it('drops what ends first when it is full', () => {
    const map = new ExpiringMap<number>(2);
    for (const endMs of [5, 3, 4]) map.set(`k${endMs}`, endMs, endMs);
    expect([map.get('k3', 0), map.get('k4', 0)?.value, map.get('k5', 0)?.value]).toEqual([undefined, 4, 5]);
  });
});

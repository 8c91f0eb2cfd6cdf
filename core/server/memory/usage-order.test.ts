import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UsageOrder } from './usage-order.ts';

it('knows the longest unused as a list does', () => {
  const operation = fc.record({
    name: fc.constantFrom(
      'use' as const,
      'use' as const,
      'delete' as const,
      'first' as const,
      'shift' as const,
    ),
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const order = new UsageOrder<string>();
      let list: string[] = [];
      for (const { name, key } of operations) {
        if (name === 'use') {
          order.use(key, key.toUpperCase());
          list = [...list.filter((other) => other !== key), key];
        } else if (name === 'delete') {
          expect(order.delete(key)).toBe(list.includes(key));
          list = list.filter((other) => other !== key);
        } else if (name === 'first') {
          expect(order.first()?.[0]).toBe(list[0]);
        } else {
          expect(order.shift()).toBe(list.shift()?.toUpperCase());
        }
        expect(order.size).toBe(list.length);
        expect([...order.entries()].map(([other]) => other)).toEqual(list);
      }
    }),
  );
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Queue } from './queue.ts';

it('a queue answers as an array does', () => {
  const operation = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('push' as const, 'shift' as const) },
    { weight: 1, arbitrary: fc.constantFrom('unshift' as const, 'removeLast' as const) },
    { weight: 1, arbitrary: fc.constantFrom('push 400' as const, 'shift 300' as const) },
  );
  fc.assert(
    fc.property(fc.array(operation, { size: 'max', maxLength: 200 }), (operations) => {
      const queue = new Queue<number>();
      const array: number[] = [];
      let next = 0;
      for (const name of operations) {
        const count = Number(name.split(' ')[1] ?? 1);
        for (let step = 0; step < count; step += 1) {
          if (name.startsWith('push')) {
            queue.push(next);
            array.push(next);
          } else if (name.startsWith('shift')) {
            expect(queue.shift()).toBe(array.shift());
          } else if (name === 'unshift') {
            queue.unshift(next);
            array.unshift(next);
          } else if (array.length > 0) {
            const last = array.pop() ?? -1;
            queue.removeLast(last);
          }
          next += 1;
        }
        expect([queue.length, queue.first]).toEqual([array.length, array[0]]);
      }
    }),
  );
});

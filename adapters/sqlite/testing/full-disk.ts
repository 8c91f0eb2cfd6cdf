// Writes that fail for want of room, at random.
import fc from 'fast-check';
import type { OpenedLog } from './log-file.ts';

/** Operations that are begun together, one such burst after the other: enough of them to fill a disk. */
export function burstsOf<T>(operation: fc.Arbitrary<T>): fc.Arbitrary<T[][]> {
  return fc.array(fc.array(operation, { minLength: 1, maxLength: 8 }), {
    minLength: 5,
    maxLength: 30,
    size: 'max',
  });
}

/** Leaves room for so many pages more. */
export function leaveRoom({ connection }: OpenedLog['database'], morePages: number): void {
  const { page_count: pages } = connection.prepare('PRAGMA page_count').get() ?? {};
  connection.exec(`PRAGMA max_page_count = ${Number(pages) + morePages}`);
}

export function leaveAllRoom({ connection }: OpenedLog['database']): void {
  connection.exec('PRAGMA max_page_count = 1000000');
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, TOO_LONG } from './line-splitter.ts';

const shown = (lines: readonly (Buffer | typeof TOO_LONG)[]) =>
  lines.map((line) => (line === TOO_LONG ? TOO_LONG : line.toString()));

describe('LineSplitter', () => {
  it('finds the same lines wherever the chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '))),
        fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
        (lines, sizes) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const splitter = new LineSplitter(10_000);
          const found: (Buffer | typeof TOO_LONG)[] = [];
          for (let at = 0; at < bytes.length; ) {
            const size = Number(sizes.next().value);
            found.push(...splitter.push(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(shown(found)).toEqual(lines);
          expect(splitter.rest().length).toBe(0);
        },
      ),
    );
  });

  it('keeps what has no newline yet', () => {
    const splitter = new LineSplitter(10);
    expect(shown(splitter.push(Buffer.from('a\nb')))).toEqual(['a']);
    expect(splitter.rest().toString()).toBe('b');
  });

  it('takes a line of exactly the bound and no longer one, whole or in parts', () => {
    expect(shown(new LineSplitter(3).push(Buffer.from('abc\nabcd\nx\n')))).toEqual(['abc', TOO_LONG]);
    const splitter = new LineSplitter(3);
    expect(splitter.push(Buffer.from('ab'))).toEqual([]);
    expect(splitter.push(Buffer.from('cd'))).toEqual([TOO_LONG]);
  });
});

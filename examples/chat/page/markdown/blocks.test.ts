import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksOf, settled } from './blocks.ts';

describe('blocksOf', () => {
  it('cuts between paragraphs, headings, code and lists', () => {
    expect(blocksOf('# A\n\nOne\ntwo.\n\n```js\na\n\nb\n```\n\n- x\n\n- y\n\n  more\n\nEnd')).toEqual([
      '# A\n\n',
      'One\ntwo.\n\n',
      '```js\na\n\nb\n```\n\n',
      '- x\n\n- y\n\n  more\n\n',
      'End',
    ]);
  });

  it('loses nothing, and what was cut off stays as it is while the text grows', () => {
    const pieces = fc.constantFrom('a', ' ', '\n', '\n\n', '```', '~~~', '- ', '1. ', '    ', '| b |', '**');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (all) => {
        const text = all.join('');
        const blocks = blocksOf(text);
        expect(blocks.join('')).toBe(text);
        const later = blocksOf(`${text}\nx`);
        // The last two may still grow together: an indented line can belong to what stands before it.
        expect(later.slice(0, Math.max(0, blocks.length - 1))).toEqual(blocks.slice(0, -1));
      }),
    );
  });
});

describe('settled', () => {
  it.each([
    ['plain', 'plain'],
    ['some **bo', 'some **bo**'],
    ['some **bold', 'some **bold**'],
    ['some **', 'some '],
    ['some **bold**', 'some **bold**'],
    ['some **bold*', 'some **bold**'],
    ['an *it', 'an *it*'],
    ['2 * 3', '2 * 3'],
    ['**a *b', '**a *b***'],
    ['run `npm', 'run `npm`'],
    ['a `**` b', 'a `**` b'],
    ['see [the do', 'see the do'],
    ['see [the docs]', 'see the docs'],
    ['see [the docs](https://exa', 'see the docs'],
    ['see [the docs](https://example.org) now', 'see [the docs](https://example.org) now'],
    ['![pict', 'pict'],
    ['- item **one', '- item **one**'],
    ['* item', '* item'],
    ['first **a** line\nsecond `co', 'first **a** line\nsecond `co`'],
    ['| a | b |', ''],
    ['| a | b |\n| --', ''],
    ['| a | b |\n| -- | -- |', '| a | b |\n| -- | -- |'],
    ['```js\nlet a = `', '```js\nlet a = `'],
  ])('shows %j as %j', (text, shown) => {
    expect(settled(text)).toBe(shown);
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the files under test
import { describe, expect, it } from 'vitest';
import { interpolate } from './interpolate.ts';

describe('interpolate', () => {
  it.each([
    ['${A}', '1'],
    ['x${A}y${A}', 'x1y1'],
    ['${NO:-2}', '2'],
    ['${NO:-}', ''],
    ['${EMPTY:-3}', '3'],
    ['${A:-3}', '1'],
    ['$A and $${A}', '$A and $1'],
    ['${NESTED}', '${A}'],
    ['# ${A}', '# 1'],
    ['${a b}', '${a b}'],
    ['${A', '${A'],
  ])('reads %s as %s', (text, expected) => {
    expect(interpolate(text, { A: '1', EMPTY: '', NESTED: '${A}' })).toEqual({ text: expected, missing: [] });
  });

  it('lists what is missing once, in order, and sees own variables only', () => {
    expect(interpolate('${B} ${A} ${B} ${toString}', {}).missing).toEqual(['B', 'A', 'toString']);
  });
});

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Token } from './token.ts';

describe('Token', () => {
  const token = new Token('k-demo', 's-demo-0001');
  const signature = token.sign('content');

  it('verifies its own signature over text and over the same bytes', () => {
    expect(token.verify('content', signature)).toBe(true);
    expect(token.verify(Buffer.from('content'), signature)).toBe(true);
  });

  it.each([
    ['other content', 'contenT', signature],
    ['upper case hex', 'content', signature.toUpperCase()],
    ['a prefix', 'content', signature.slice(0, 63)],
    ['a longer one', 'content', `${signature}0`],
    ['an empty one', 'content', ''],
    ['none', 'content', undefined],
    ['a non-ASCII text of the same length', 'content', 'é'.repeat(64)],
    ['another type', 'content', { length: 64 }],
  ])('refuses %s', (_, content, given) => {
    expect(token.verify(content, given)).toBe(false);
  });

  it('does not show its secret', () => {
    expect(inspect(token, { depth: 5, showHidden: true })).not.toContain('s-demo');
    expect(JSON.stringify(token)).toBe('{"key":"k-demo"}');
  });

  it('refuses an empty key or secret', () => {
    expect(() => new Token('', 's')).toThrow('key must be');
    expect(() => new Token('k', '')).toThrow('secret must be');
  });
});

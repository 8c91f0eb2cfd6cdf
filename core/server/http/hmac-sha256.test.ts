import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHmacSha256 } from './hmac-sha256.ts';

const reference = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(text).digest('hex');

describe('createHmacSha256', () => {
  it('equals node:crypto for any secret and text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.array(fc.string({ unit: 'binary' })),
        (secret, texts) => {
          const hmac = createHmacSha256(secret);
          // The same function again and again: no text may leave a trace in the next.
          for (const text of texts) expect(hmac(text)).toBe(reference(secret, text));
        },
      ),
    );
  });

  it.each([0, 1, 55, 56, 63, 64, 65, 1023, 1024, 1025, 5000])('takes texts of %i characters', (length) => {
    const hmac = createHmacSha256('secret');
    expect(hmac('x'.repeat(length))).toBe(reference('secret', 'x'.repeat(length)));
    expect(hmac('é'.repeat(length))).toBe(reference('secret', 'é'.repeat(length)));
    expect(hmac('short')).toBe(reference('secret', 'short'));
  });

  it.each([0, 63, 64, 65, 300])('takes secrets of %i characters', (length) => {
    expect(createHmacSha256('k'.repeat(length))('text')).toBe(reference('k'.repeat(length), 'text'));
  });
});

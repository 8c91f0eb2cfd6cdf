import { describe, expect, it } from 'vitest';
import { isSignedBy, signatureOf } from './app-signature.ts';

const APP = { key: 'demo-key', secret: 's3cr3t-demo' };

describe('signatures of an app', () => {
  it.each([
    ['4815162342.1607:private-desk', '23b3043f44a928e0a49909b58d08fc5f1ae3c1409505839622a337585c5abc7b'],
    [
      '4815162342.1607:presence-desk:{"user_id":"u-7","user_info":{"name":"Ada"}}',
      '21447252cd15539a446b37b6157b178231a3191d339fa40ab7a49297b742c743',
    ],
    [
      '4815162342.1607::user::{"id":"u-7","user_info":{"name":"Ada"},"watchlist":["u-9"]}',
      'aae533c01f386704f882fd3bd8267d6584805a38bb2002e617cc33a526932b5e',
    ],
  ])('of %s', (input, signature) => {
    expect(signatureOf(APP, input)).toBe(signature);
    expect(isSignedBy(APP, `demo-key:${signature}`, input)).toBe(true);
    for (const auth of [
      signature,
      `:${signature}`,
      `other:${signature}`,
      `demo-key:${signature} `,
      '',
      'demo-key:',
    ]) {
      expect(isSignedBy(APP, auth, input)).toBe(false);
    }
    expect(isSignedBy({ ...APP, secret: 'other' }, `demo-key:${signature}`, input)).toBe(false);
    expect(isSignedBy(APP, `demo-key:${signature}`, `${input} `)).toBe(false);
  });
});

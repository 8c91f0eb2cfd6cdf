import { createECDH, randomBytes } from 'node:crypto';
import { decrypt } from 'http_ece';
import { describe, expect, it } from 'vitest';
import { encrypt, InvalidKeys, MAX_PLAIN_BYTES } from './encryption.ts';

// RFC 8291, section 5 and appendix A.
const EXAMPLE = {
  plain: 'When I grow up, I want to be a watermelon',
  senderPrivate: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  receiver: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  body:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml' +
    'mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT' +
    'pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

function browser() {
  const keys = createECDH('prime256v1');
  keys.generateKeys();
  const auth = randomBytes(16).toString('base64url');
  return { keys, subscription: { p256dh: keys.getPublicKey('base64url'), auth } };
}

describe('encrypt', () => {
  it('makes the message of the example in RFC 8291', () => {
    const sender = createECDH('prime256v1');
    sender.setPrivateKey(Buffer.from(EXAMPLE.senderPrivate, 'base64url'));
    const salt = Buffer.from(EXAMPLE.salt, 'base64url');
    const body = encrypt(Buffer.from(EXAMPLE.plain), EXAMPLE.receiver, { salt, sender });
    expect(body.toString('base64url')).toBe(EXAMPLE.body);
  });

  it.each([0, 1, 100, MAX_PLAIN_BYTES])('is read by another implementation: %i bytes', (length) => {
    const { keys, subscription } = browser();
    const plain = randomBytes(length);
    const body = encrypt(plain, subscription);
    const read = decrypt(body, { version: 'aes128gcm', privateKey: keys, authSecret: subscription.auth });
    expect(read.equals(plain)).toBe(true);
    expect(body.length).toBeLessThanOrEqual(4096);
  });

  it('uses another key and salt for each message', () => {
    const { subscription } = browser();
    const [first, second] = [
      encrypt(Buffer.from('a'), subscription),
      encrypt(Buffer.from('a'), subscription),
    ];
    expect(first.subarray(0, 16)).not.toEqual(second.subarray(0, 16));
    expect(first.subarray(21, 86)).not.toEqual(second.subarray(21, 86));
  });

  it('refuses what no push service has to take', () => {
    const { subscription } = browser();
    expect(() => encrypt(Buffer.alloc(MAX_PLAIN_BYTES + 1), subscription)).toThrow(RangeError);
  });

  it.each([
    ['a short point', { p256dh: 'AAAA' }],
    ['no point of the curve', { p256dh: Buffer.alloc(65, 4).toString('base64url') }],
    ['a short secret', { auth: 'AAAA' }],
  ])('refuses keys that are none: %s', (_, wrong) => {
    const { subscription } = browser();
    expect(() => encrypt(Buffer.from('a'), { ...subscription, ...wrong })).toThrow(InvalidKeys);
  });
});

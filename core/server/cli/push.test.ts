import { createECDH } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { run } from './cli-fixture.ts';

/** The public key that belongs to a private one. */
function publicKeyOf(privateKey: string): string {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(Buffer.from(privateKey, 'base64url'));
  return curve.getPublicKey('base64url');
}

describe('sockudo push keys', () => {
  it('makes a pair of keys, another one each time', async () => {
    const { code, out } = await run(['push', 'keys', '--json']);
    expect(code).toBe(0);
    const { publicKey, privateKey } = JSON.parse(out);
    expect(Buffer.from(privateKey, 'base64url')).toHaveLength(32);
    expect(publicKeyOf(privateKey)).toBe(publicKey);
    expect((await run(['push', 'keys', '--json'])).out).not.toBe(out);
  });

  it('writes them as the environment takes them, and what to do with them elsewhere', async () => {
    const { out, err } = await run(['push', 'keys']);
    expect(out).toMatch(/^VAPID_PUBLIC_KEY=[\w-]{87}\nVAPID_PRIVATE_KEY=[\w-]{43}$/);
    expect(err).toContain('private key');
  });
});

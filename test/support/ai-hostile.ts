// For tests of hostile clients and workers: a second app, whose reach has to end at its own things, and tokens of any kind.
import { createHmac, randomUUID } from 'node:crypto';
import { type Credentials, TEST_APP } from './credentials.ts';

export const OTHER_APP: Credentials = { id: 'other-app', key: 'other-key', secret: 'other-secret' };

/** As the configuration names it. */
export const otherApp = { ...OTHER_APP, enabled: true, enable_client_messages: true };

export interface TokenWish {
  readonly user: string;
  readonly capability: Readonly<Record<string, readonly string[]>>;
  /** As the header says; whatever it is, the signature is one of HS256, and none for `none`. */
  readonly alg?: string;
}

/** A capability token of the test app for an hour. */
export function signToken({ user, capability, alg = 'HS256' }: TokenWish): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = {
    'x-sockudo-client-id': user,
    'x-sockudo-capability': capability,
    iat: nowSeconds,
    exp: nowSeconds + 3600,
    jti: randomUUID(),
  };
  const signed = `${part({ alg, typ: 'JWT', kid: TEST_APP.key })}.${part(claims)}`;
  const signature = createHmac('sha256', TEST_APP.secret).update(signed).digest('base64url');
  return `${signed}.${alg === 'none' ? '' : signature}`;
}

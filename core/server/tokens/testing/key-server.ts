// For tests: an identity provider of one's own. It has keys, shows their public parts as a JWKS, and signs capability tokens.
import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export type Answer = (response: ServerResponse) => void;

export interface KeyServer {
  readonly url: string;
  /** Requests that have come. */
  readonly requests: number;
  /** What it shows. */
  readonly keys: readonly JWK[];
  /** A new key, shown from now on unless `hidden`. */
  addKey(kid: string, hidden?: boolean): Promise<void>;
  removeKey(kid: string): void;
  /** Answers so from now on; null: with the keys. */
  answerWith(answer: Answer | null): void;
  sign(kid: string, claims?: Readonly<Record<string, unknown>>): Promise<string>;
  close(): Promise<void>;
}

const ALG = 'ES256';

export async function startKeyServer(): Promise<KeyServer> {
  const signers = new Map<string, CryptoKey>();
  let keys: JWK[] = [];
  let requests = 0;
  let answer: Answer | null = null;
  const server = createServer((_, response) => {
    requests += 1;
    if (answer !== null) answer(response);
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // CAST: a server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/keys.json`,
    get requests() {
      return requests;
    },
    get keys() {
      return keys;
    },
    async addKey(kid, hidden = false) {
      const { publicKey, privateKey } = await generateKeyPair(ALG, { extractable: true });
      signers.set(kid, privateKey);
      if (!hidden) keys = [...keys, { ...(await exportJWK(publicKey)), kid, alg: ALG, use: 'sig' }];
    },
    removeKey(kid) {
      keys = keys.filter((key) => key.kid !== kid);
    },
    answerWith(next) {
      answer = next;
    },
    sign(kid, claims = {}) {
      const signer = signers.get(kid);
      if (signer === undefined) throw new Error(`there is no key ${kid}`);
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({
        'x-sockudo-client-id': 'ann',
        'x-sockudo-capability': { '*': ['subscribe'] },
        jti: randomUUID(),
        iat: now,
        exp: now + 600,
        ...claims,
      })
        .setProtectedHeader({ alg: ALG, kid })
        .sign(signer);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

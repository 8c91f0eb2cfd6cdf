// APNs over HTTP/2 without TLS: checks the provider token's signature, its issuer, key and age.
import { generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader, importSPKI, jwtVerify } from 'jose';
import type { CredentialMaterial } from '../../contracts.ts';
import { type FakeAnswer, type FakeRequest, type FakeServer, Script, serveFake } from './fake-service.ts';

export interface TakenApnsPush {
  readonly deviceToken: string;
  readonly headers: FakeRequest['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into what was sent, whatever its shape.
  readonly body: any;
}

export class FakeApns {
  readonly script = new Script();
  readonly taken: TakenApnsPush[] = [];
  /** Provider tokens that were seen, each once. */
  readonly providerTokens = new Set<string>();
  readonly material: Extract<CredentialMaterial, { provider: 'apns'; keyId: string }>;
  readonly #publicKey: string;
  #server: FakeServer | null = null;

  private constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    this.#publicKey = publicKey;
    this.material = { provider: 'apns', teamId: 'TEAM123456', keyId: 'KEY1234567', privateKey };
  }

  static async start(): Promise<FakeApns> {
    const fake = new FakeApns();
    fake.#server = await serveFake((request) => fake.#answer(request), 'http2');
    return fake;
  }

  get origin(): string {
    return this.#server?.origin ?? '';
  }

  get connections(): number {
    return this.#server?.connections() ?? 0;
  }

  /** Cuts every connection; new ones are taken. */
  disconnect(): void {
    this.#server?.disconnect();
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #answer(request: FakeRequest): Promise<FakeAnswer> {
    const token = /^bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return { status: 403, body: { reason: 'MissingProviderToken' } };
    if (!(await this.#isSigned(token))) return { status: 403, body: { reason: 'InvalidProviderToken' } };
    this.providerTokens.add(token);
    const scripted = await this.script.answer(request);
    if (scripted !== null) return scripted;
    const deviceToken = /^\/3\/device\/(.+)$/.exec(request.path)?.[1];
    if (deviceToken === undefined) return { status: 404, body: { reason: 'BadPath' } };
    if (request.headers['apns-topic'] === undefined) return { status: 400, body: { reason: 'MissingTopic' } };
    this.taken.push({ deviceToken, headers: request.headers, body: JSON.parse(request.body.toString()) });
    return { status: 200, headers: { 'apns-id': `apns-${this.taken.length}` } };
  }

  async #isSigned(token: string): Promise<boolean> {
    const { teamId, keyId } = this.material;
    try {
      if (decodeProtectedHeader(token).kid !== keyId) return false;
      const key = await importSPKI(this.#publicKey, 'ES256');
      await jwtVerify(token, key, { issuer: teamId, requiredClaims: ['iat'] });
      return true;
    } catch {
      return false;
    }
  }
}

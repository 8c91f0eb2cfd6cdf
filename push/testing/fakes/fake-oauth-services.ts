// Fakes of FCM, HMS and WNS: a token server that checks who asks, and a push server that takes only its tokens.
import { generateKeyPairSync } from 'node:crypto';
import { importSPKI, jwtVerify } from 'jose';
import type { CredentialMaterial } from '../../contracts.ts';
import { type FakeAnswer, type FakeRequest, type FakeServer, Script, serveFake } from './fake-service.ts';

export interface TakenPush {
  readonly path: string;
  readonly headers: FakeRequest['headers'];
  readonly body: string;
}

/** What a kind of service checks and answers. */
interface Kind {
  /** True: the one who asks for a token is who it says. */
  checkGrant(form: URLSearchParams): Promise<boolean>;
  readonly success: () => FakeAnswer;
}

export class FakeOauthService {
  readonly script = new Script();
  /** In front of the token server's answers. */
  readonly tokenScript = new Script();
  readonly taken: TakenPush[] = [];
  /** How many tokens were given out. */
  tokens = 0;
  tokenLifetimeSeconds = 3600;
  readonly #kind: Kind;
  #server: FakeServer | null = null;
  /** Tokens that are taken. */
  readonly #valid = new Set<string>();

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  static async start(kind: Kind): Promise<FakeOauthService> {
    const service = new FakeOauthService(kind);
    service.#server = await serveFake((request) => service.#answer(request));
    return service;
  }

  get origin(): string {
    return this.#server?.origin ?? '';
  }

  get tokenUrl(): string {
    return `${this.origin}/token`;
  }

  /** From now on the tokens given out so far are refused. */
  expireTokens(): void {
    this.#valid.clear();
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #answer(request: FakeRequest): Promise<FakeAnswer> {
    if (request.path === '/token') return this.#giveToken(request);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined || !this.#valid.has(token)) return { status: 401, body: { error: 'token' } };
    const scripted = await this.script.answer(request);
    if (scripted !== null) return scripted;
    this.taken.push({ path: request.path, headers: request.headers, body: request.body.toString() });
    return this.#kind.success();
  }

  async #giveToken(request: FakeRequest): Promise<FakeAnswer> {
    const scripted = await this.tokenScript.answer(request);
    if (scripted !== null) return scripted;
    const isWho = await this.#kind.checkGrant(new URLSearchParams(request.body.toString()));
    if (!isWho) return { status: 400, body: { error: 'invalid_grant' } };
    this.tokens += 1;
    const token = `token-${this.tokens}`;
    this.#valid.add(token);
    return {
      status: 200,
      body: { access_token: token, expires_in: this.tokenLifetimeSeconds, token_type: 'Bearer' },
    };
  }
}

export interface FakeFcm {
  readonly service: FakeOauthService;
  readonly material: Extract<CredentialMaterial, { provider: 'fcm' }>;
}

export async function startFakeFcm(): Promise<FakeFcm> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const email = 'push@fake-project.iam.example.com';
  const service = await FakeOauthService.start({
    async checkGrant(form) {
      if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return false;
      const key = await importSPKI(publicKey, 'RS256');
      const options = { issuer: email, audience: service.tokenUrl, requiredClaims: ['iat', 'exp', 'scope'] };
      return jwtVerify(form.get('assertion') ?? '', key, options).then(
        ({ payload }) => payload.scope === 'https://www.googleapis.com/auth/firebase.messaging',
        () => false,
      );
    },
    success: () => ({ status: 200, body: { name: 'projects/fake-project/messages/1' } }),
  });
  const serviceAccount = {
    project_id: 'fake-project',
    client_email: email,
    private_key: privateKey,
    token_uri: service.tokenUrl,
  };
  return { service, material: { provider: 'fcm', serviceAccount } };
}

export function startFakeHms(appId: string, clientSecret: string): Promise<FakeOauthService> {
  return FakeOauthService.start({
    checkGrant: async (form) =>
      form.get('grant_type') === 'client_credentials' &&
      form.get('client_id') === appId &&
      form.get('client_secret') === clientSecret,
    success: () => ({ status: 200, body: { code: '80000000', msg: 'Success', requestId: 'hms-1' } }),
  });
}

export function startFakeWns(packageSid: string, clientSecret: string): Promise<FakeOauthService> {
  return FakeOauthService.start({
    checkGrant: async (form) =>
      form.get('scope') === 'notify.windows.com' &&
      form.get('client_id') === packageSid &&
      form.get('client_secret') === clientSecret,
    success: () => ({ status: 200, headers: { 'x-wns-msg-id': 'wns-1' } }),
  });
}

// Apple Push Notification service: HTTP/2, a signed token that is used for most of an hour, or a client certificate.
import { importPKCS8, SignJWT } from 'jose';
import type {
  Credential,
  CredentialMaterial,
  Delivery,
  JsonObject,
  Provider,
  SendResult,
} from '../contracts.ts';
import { apnsResult, isTokenExpired } from './apns-results.ts';
import { ApnsConnection, type ClientCertificate } from './apns-session.ts';
import { InvalidCredential, sendWithToken, withoutToken } from './bearer.ts';
import { rejected } from './results.ts';
import type { ProviderSettings } from './settings.ts';
import { type AccessToken, credentialKey, TokenCache } from './token-cache.ts';

const PRODUCTION = 'https://api.push.apple.com';
/** Apple takes a token for an hour and refuses to see another one before 20 minutes have passed. */
const TOKEN_MS = 55 * 60 * 1000;
/** Connections with a client certificate; of more the oldest is closed. Those with tokens share one. */
const MAX_CONNECTIONS = 100;

type ApnsMaterial = Extract<CredentialMaterial, { provider: 'apns' }>;

export class ApnsProvider implements Provider {
  readonly name = 'apns';
  readonly #settings: ProviderSettings;
  readonly #now: () => number;
  readonly #tokens: TokenCache;
  readonly #connections = new Map<string, ApnsConnection>();

  constructor(settings: ProviderSettings, now: () => number = Date.now) {
    this.#settings = settings;
    this.#now = now;
    this.#tokens = new TokenCache(now);
  }

  async send(delivery: Delivery, signal: AbortSignal): Promise<SendResult> {
    const { appId, recipient, credential } = delivery;
    if (recipient.transportType !== 'apns') return rejected('caller_payload', 'no APNs recipient');
    if (credential?.material.provider !== 'apns') return rejected('credential_auth', 'no APNs credential');
    const { apnsTopic } = this.#settings;
    if (apnsTopic === undefined) return rejected('credential_auth', 'no APNs topic');
    const { material } = credential;
    const { aps, data } = delivery.payload;
    const request = {
      path: `/3/device/${encodeURIComponent(recipient.deviceToken)}`,
      headers: requestHeaders(delivery, apnsTopic, this.#now()),
      body: JSON.stringify({ aps, data }),
    };
    try {
      const connection = this.#connectionFor(appId, credential, certificateOf(material));
      if ('p12' in material || 'pem' in material) return apnsResult(await connection.post(request, signal));
      return await sendWithToken({
        appId,
        credential,
        cache: this.#tokens,
        ...('providerToken' in material && { fixed: material.providerToken }),
        make: () => this.#makeToken(material),
        post: (token) => {
          const headers = { ...request.headers, authorization: `bearer ${token}` };
          return connection.post({ ...request, headers }, signal);
        },
        isTokenRefused: isTokenExpired,
        resultOf: apnsResult,
      });
    } catch (error) {
      return withoutToken(error);
    }
  }

  async close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  #connectionFor(
    appId: string,
    credential: Credential,
    certificate: ClientCertificate | null,
  ): ApnsConnection {
    const key = certificate === null ? 'token' : credentialKey(appId, credential);
    const known = this.#connections.get(key);
    if (known !== undefined) return known;
    const { allowPrivateNetworks, requestTimeoutMs, endpoints } = this.#settings;
    const connection = new ApnsConnection({
      origin: endpoints?.apns ?? PRODUCTION,
      allowPrivateNetworks,
      ...(certificate !== null && { certificate }),
      ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
    });
    this.#connections.set(key, connection);
    this.#closeOldest();
    return connection;
  }

  #closeOldest(): void {
    for (const [key, connection] of this.#connections) {
      if (this.#connections.size <= MAX_CONNECTIONS) return;
      connection.close();
      this.#connections.delete(key);
    }
  }

  async #makeToken(material: ApnsMaterial): Promise<AccessToken> {
    if (!('keyId' in material)) throw new InvalidCredential('incomplete APNs key');
    const nowMs = this.#now();
    try {
      const key = await importPKCS8(material.privateKey, 'ES256');
      const value = await new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid: material.keyId })
        .setIssuer(material.teamId)
        .setIssuedAt(Math.floor(nowMs / 1000))
        .sign(key);
      return { value, freshUntilMs: nowMs + TOKEN_MS };
    } catch {
      throw new InvalidCredential('the private key for APNs is none');
    }
  }
}

function certificateOf(material: ApnsMaterial): ClientCertificate | null {
  if ('p12' in material) {
    const { p12, p12Password } = material;
    const pfx = Buffer.from(p12, 'base64');
    return p12Password === undefined ? { pfx } : { pfx, passphrase: p12Password };
  }
  return 'pem' in material ? { cert: material.pem, key: material.pem } : null;
}

const PUSH_TYPE = 'apns-push-type';

/** The topic is the operator's: one in the payload is ignored. */
function requestHeaders(
  { payload, ttlSeconds, collapseKey }: Delivery,
  topic: string,
  nowMs: number,
): Record<string, string> {
  const own = headersOf(payload);
  const text = (name: string): string | undefined => {
    const value = own[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const type = text(PUSH_TYPE) ?? 'alert';
  const expiration =
    text('apns-expiration') ??
    (ttlSeconds === undefined ? undefined : String(Math.floor(nowMs / 1000 + ttlSeconds)));
  const collapseId = text('apns-collapse-id') ?? collapseKey;
  return {
    'content-type': 'application/json',
    'apns-topic': topic,
    [PUSH_TYPE]: type,
    // 10 is an error for a push that shows nothing.
    'apns-priority': text('apns-priority') ?? (type === 'background' ? '5' : '10'),
    ...(expiration !== undefined && { 'apns-expiration': expiration }),
    // Longer ones are refused.
    ...(collapseId !== undefined &&
      Buffer.byteLength(collapseId) <= 64 && { 'apns-collapse-id': collapseId }),
  };
}

function headersOf({ headers }: JsonObject): JsonObject {
  // CAST: a non-null object has members by name; each is checked where it is read.
  return typeof headers === 'object' && headers !== null ? (headers as JsonObject) : {};
}

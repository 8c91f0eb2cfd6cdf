// Firebase Cloud Messaging, HTTP v1: an access token from a signed assertion, one message a device.
import { importPKCS8, SignJWT } from 'jose';
import { z } from 'zod';
import type { CredentialMaterial, Delivery, JsonObject, SendResult } from '../contracts.ts';
import { InvalidCredential, sendWithToken } from './bearer.ts';
import type { Answer } from './exchange.ts';
import { requestToken } from './oauth.ts';
import { accepted, commonResult, gone, jsonOf, rejected, statusReason } from './results.ts';
import { endpointOf } from './settings.ts';
import type { AccessToken } from './token-cache.ts';
import { TokenProvider } from './token-provider.ts';

const SEND = 'https://fcm.googleapis.com/v1/projects/{project}/messages:send';
const TOKEN = 'https://oauth2.googleapis.com/token';
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const serviceAccount = z.object({
  project_id: z.string().min(1),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  token_uri: z.string().optional(),
});
type ServiceAccount = z.output<typeof serviceAccount>;

type FcmMaterial = Extract<CredentialMaterial, { provider: 'fcm' }>;

export class FcmProvider extends TokenProvider {
  override readonly name = 'fcm';

  override async send(
    { appId, recipient, credential, payload, ttlSeconds }: Delivery,
    signal: AbortSignal,
  ): Promise<SendResult> {
    if (recipient.transportType !== 'gcm') return rejected('caller_payload', 'no FCM recipient');
    if (credential?.material.provider !== 'fcm') return rejected('credential_auth', 'no FCM credential');
    const { material } = credential;
    const project = projectOf(material);
    if (project === null) return rejected('credential_auth', 'incomplete service account');
    const url = endpointOf(this.endpoints.fcm, SEND, '{project}', project);
    const body = JSON.stringify(withToken(payload, recipient.registrationToken, ttlSeconds));
    return sendWithToken({
      appId,
      credential,
      cache: this.tokens,
      ...('providerToken' in material && { fixed: material.providerToken }),
      make: () => this.#makeToken(material),
      post: (token) => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        return this.exchange.post({ url, headers, body }, signal);
      },
      isTokenRefused: (answer) => isTokenRefused(answer),
      resultOf: fcmResult,
    });
  }

  async #makeToken(material: FcmMaterial): Promise<AccessToken> {
    const account = 'serviceAccount' in material ? serviceAccount.safeParse(material.serviceAccount) : null;
    if (account?.success !== true) throw new InvalidCredential('incomplete service account');
    const url = this.endpoints.fcmToken ?? account.data.token_uri ?? TOKEN;
    const assertion = await assertionOf(account.data, account.data.token_uri ?? TOKEN, this.now());
    return requestToken(this.exchange, url, { grant_type: GRANT, assertion }, this.now);
  }
}

async function assertionOf(account: ServiceAccount, audience: string, nowMs: number): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  try {
    const key = await importPKCS8(account.private_key, 'RS256');
    return await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({
        alg: 'RS256',
        typ: 'JWT',
        ...(account.private_key_id !== undefined && { kid: account.private_key_id }),
      })
      .setIssuer(account.client_email)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + 3600)
      .sign(key);
  } catch {
    throw new InvalidCredential('the private key of the service account is none');
  }
}

function projectOf(material: FcmMaterial): string | null {
  if ('projectId' in material) return material.projectId;
  const project = material.serviceAccount.project_id;
  return typeof project === 'string' && project !== '' ? project : null;
}

/** The publish's end becomes the message's, unless the payload has one of its own. */
function withToken(payload: JsonObject, token: string, ttlSeconds: number | undefined): JsonObject {
  const message = objectOf(payload.message);
  const android = objectOf(message.android);
  const ttl =
    ttlSeconds !== undefined && android.ttl === undefined ? `${Math.floor(ttlSeconds)}s` : android.ttl;
  return {
    ...payload,
    message: { ...message, ...(ttl !== undefined && { android: { ...android, ttl } }), token },
  };
}

function objectOf(value: unknown): JsonObject {
  // CAST: a non-null object has members by name.
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

/** 403 is also said of a project that the token is not for: a new token does not mend that, and is asked for once. */
function isTokenRefused({ status, text }: Answer): boolean {
  return (status === 401 || status === 403) && !text.includes('SENDER_ID_MISMATCH');
}

/** First match wins (push.md section 8.4). */
export function fcmResult(answer: Answer): SendResult {
  const { status, text } = answer;
  if (status >= 200 && status < 300) {
    const { name } = jsonOf(answer);
    return accepted(typeof name === 'string' ? name : undefined);
  }
  if (/\bUNREGISTERED\b|registration-token-not-registered/i.test(text)) return gone('UNREGISTERED');
  if (isInvalidToken(text)) return gone('INVALID_ARGUMENT');
  if (status === 403 && text.includes('SENDER_ID_MISMATCH'))
    return rejected('credential_auth', 'SENDER_ID_MISMATCH');
  if (status === 400) return rejected('caller_payload', statusReason(answer));
  // NOT_FOUND is of the project: tokens have their own word.
  if (status === 404) return rejected('credential_auth', 'NOT_FOUND');
  return commonResult(answer) ?? rejected('unknown', statusReason(answer));
}

function isInvalidToken(text: string): boolean {
  return (
    text.includes('INVALID_ARGUMENT') &&
    /registration token[^"]*\b(invalid|malformed|not (a )?valid)\b|\b(invalid|malformed) registration token/i.test(
      text,
    )
  );
}

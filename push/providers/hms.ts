// Huawei's Push Kit. The status of the answer is nearly always 200; its code tells what happened.
import type { Delivery, JsonObject, SendResult } from '../contracts.ts';
import { sendWithToken } from './bearer.ts';
import type { Answer } from './exchange.ts';
import { requestToken } from './oauth.ts';
import { accepted, again, commonResult, gone, jsonOf, rejected, statusReason } from './results.ts';
import { endpointOf } from './settings.ts';
import { TokenProvider } from './token-provider.ts';

const SEND = 'https://push-api.cloud.huawei.com/v1/{appId}/messages:send';
const TOKEN = 'https://oauth-login.cloud.huawei.com/oauth2/v3/token';

const SUCCESS = '80000000';
/** All tokens of the message are invalid, and a message has one token here. No other code takes a device away (divergence D78). */
const TOKEN_GONE = '80300007';
const AUTH_CODES: ReadonlySet<string> = new Set(['80200001', '80200003', '80300002']);
const EXPIRED_AUTH = '80200003';
const TOO_LARGE = '80300008';
const INTERNAL = '81000001';

export class HmsProvider extends TokenProvider {
  override readonly name = 'hms';

  override async send(
    { appId, recipient, credential, payload }: Delivery,
    signal: AbortSignal,
  ): Promise<SendResult> {
    if (recipient.transportType !== 'hms') return rejected('caller_payload', 'no HMS recipient');
    if (credential?.material.provider !== 'hms') return rejected('credential_auth', 'no HMS credential');
    const { material } = credential;
    const url = endpointOf(this.endpoints.hms, SEND, '{appId}', material.hmsAppId);
    const body = JSON.stringify(withToken(payload, recipient.registrationToken));
    return sendWithToken({
      appId,
      credential,
      cache: this.tokens,
      ...('providerToken' in material && { fixed: material.providerToken }),
      make: () =>
        requestToken(
          this.exchange,
          this.endpoints.hmsToken ?? TOKEN,
          {
            grant_type: 'client_credentials',
            client_id: material.hmsAppId,
            client_secret: 'clientSecret' in material ? material.clientSecret : '',
          },
          this.now,
        ),
      post: (token) => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        return this.exchange.post({ url, headers, body }, signal);
      },
      isTokenRefused: (answer) => answer.status === 401 || codeOf(answer) === EXPIRED_AUTH,
      resultOf: hmsResult,
    });
  }
}

function withToken(payload: JsonObject, token: string): JsonObject {
  const { message } = payload;
  return { ...payload, message: { ...(typeof message === 'object' ? message : {}), token: [token] } };
}

function codeOf(answer: Answer): string | undefined {
  const { code } = jsonOf(answer);
  return code === undefined ? undefined : String(code);
}

export function hmsResult(answer: Answer): SendResult {
  const { status } = answer;
  if (status === 404 || status === 410) return gone(statusReason(answer));
  const code = codeOf(answer);
  const isSuccess = status >= 200 && status < 300 && (code === undefined || code === SUCCESS);
  if (isSuccess) return accepted(idOf(answer));
  if (code !== undefined) {
    const result = codeResult(code, answer);
    if (result !== null) return result;
  }
  return commonResult(answer) ?? rejected('unknown', code ?? statusReason(answer));
}

function codeResult(code: string, answer: Answer): SendResult | null {
  if (code === TOKEN_GONE) return gone(code);
  if (code === TOO_LARGE) return { kind: 'too-large' };
  if (AUTH_CODES.has(code)) return rejected('credential_auth', code);
  if (/\bquota\b/i.test(answer.text)) return again('provider_quota', code, answer);
  if (code === INTERNAL) return again('provider_transient', code, answer);
  return answer.status < 300 || answer.status === 400 ? rejected('caller_payload', code) : null;
}

function idOf(answer: Answer): string | undefined {
  const { requestId, msg } = jsonOf(answer);
  const id = requestId ?? msg;
  return typeof id === 'string' ? id : undefined;
}

// Windows Push Notification Services. Toasts and tiles are XML there: the payload's members are written as such, a raw one is
// sent as its JSON text.
import type { Delivery, JsonObject, SendResult } from '../contracts.ts';
import { sendWithToken } from './bearer.ts';
import type { Answer } from './exchange.ts';
import { requestToken } from './oauth.ts';
import { accepted, again, commonResult, gone, rejected, statusReason } from './results.ts';
import { TokenProvider } from './token-provider.ts';
import { toastXml } from './wns-xml.ts';

const TOKEN = 'https://login.live.com/accesstoken.srf';

export class WnsProvider extends TokenProvider {
  override readonly name = 'wns';

  override async send(delivery: Delivery, signal: AbortSignal): Promise<SendResult> {
    const { appId, recipient, credential, payload } = delivery;
    if (recipient.transportType !== 'wns') return rejected('caller_payload', 'no WNS recipient');
    if (credential?.material.provider !== 'wns') return rejected('credential_auth', 'no WNS credential');
    const { material } = credential;
    const message = messageOf(payload, delivery);
    return sendWithToken({
      appId,
      credential,
      cache: this.tokens,
      ...('providerToken' in material && { fixed: material.providerToken }),
      make: () =>
        requestToken(
          this.exchange,
          this.endpoints.wnsToken ?? TOKEN,
          {
            grant_type: 'client_credentials',
            client_id: 'packageSid' in material ? material.packageSid : '',
            client_secret: 'clientSecret' in material ? material.clientSecret : '',
            scope: 'notify.windows.com',
          },
          this.now,
        ),
      post: (token) => {
        const headers = { ...message.headers, authorization: `Bearer ${token}` };
        return this.exchange.post({ url: recipient.channelUri, headers, body: message.body }, signal);
      },
      isTokenRefused: ({ status }) => status === 401,
      resultOf: wnsResult,
    });
  }
}

function messageOf(
  payload: JsonObject,
  { ttlSeconds, collapseKey }: Pick<Delivery, 'ttlSeconds' | 'collapseKey'>,
): { readonly headers: Record<string, string>; readonly body: string } {
  const type = payload.type === 'tile' || payload.type === 'raw' ? payload.type : 'toast';
  const isRaw = type === 'raw';
  return {
    body: isRaw ? JSON.stringify(payload) : toastXml(type, payload),
    headers: {
      'x-wns-type': `wns/${type}`,
      'content-type': isRaw ? 'application/octet-stream' : 'text/xml',
      ...(ttlSeconds !== undefined && { 'x-wns-ttl': String(Math.floor(ttlSeconds)) }),
      // A tag replaces an earlier tile or toast; WNS takes 16 letters and digits.
      ...(collapseKey !== undefined &&
        /^[A-Za-z0-9]{1,16}$/.test(collapseKey) && { 'x-wns-tag': collapseKey }),
    },
  };
}

export function wnsResult(answer: Answer): SendResult {
  const { status } = answer;
  if (status >= 200 && status <= 202) return accepted(answer.header('x-wns-msg-id'));
  if (status === 404 || status === 410) return gone(statusReason(answer));
  // How WNS says that it throttles a channel.
  if (status === 406) return again('provider_quota', statusReason(answer), answer);
  const common = commonResult(answer);
  if (common !== null) return common;
  return status === 400
    ? rejected('caller_payload', statusReason(answer))
    : rejected('unknown', statusReason(answer));
}

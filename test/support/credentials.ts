// The app that tests connect to, and the signatures that its backend would make.
import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

export const TEST_APP: Credentials = { id: 'test-app', key: 'test-key', secret: 'test-secret' };

export const hmac = (secret: string, input: string): string =>
  createHmac('sha256', secret).update(input).digest('hex');

/** `auth` of a private channel, or of a presence channel with its channel_data (Pusher protocol, authorising users). */
export function channelAuth(
  app: Credentials,
  socketId: string,
  channel: string,
  channelData?: string,
): string {
  const input =
    channelData === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`;
  return `${app.key}:${hmac(app.secret, input)}`;
}

export const userAuth = (app: Credentials, socketId: string, userData: string): string =>
  `${app.key}:${hmac(app.secret, `${socketId}::user::${userData}`)}`;

/** Path and query of a signed HTTP API request. */
export function signedPath(
  app: Credentials,
  method: string,
  path: string,
  body: string,
  query: Readonly<Record<string, string>> = {},
): string {
  const parameters: Record<string, string> = {
    ...query,
    auth_key: app.key,
    auth_timestamp: String(Math.floor(Date.now() / 1000)),
    auth_version: '1.0',
    ...(body !== '' && { body_md5: createHash('md5').update(body).digest('hex') }),
  };
  // Names are signed in lower case, however they are sent.
  const canonical = Object.entries(parameters)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const fullPath = `/apps/${app.id}${path}`;
  const signature = hmac(app.secret, `${method}\n${fullPath}\n${canonical}`);
  return `${fullPath}?${new URLSearchParams({ ...parameters, auth_signature: signature })}`;
}

// Paths of the signed HTTP API.
import { createHmac, hash } from 'node:crypto';

export interface SigningApp {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

/** @param body null: a GET @param parameters of the query, besides those of the signature */
export function signedPath(
  { key, secret }: SigningApp,
  path: string,
  body: string | null,
  parameters: Readonly<Record<string, string>> = {},
): string {
  const all = {
    auth_key: key,
    auth_timestamp: String(Math.floor(Date.now() / 1000)),
    auth_version: '1.0',
    ...(body !== null && { body_md5: hash('md5', body) }),
    ...parameters,
  };
  const query = Object.entries(all)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const input = `${body === null ? 'GET' : 'POST'}\n${path}\n${query}`;
  return `${path}?${query}&auth_signature=${createHmac('sha256', secret).update(input).digest('hex')}`;
}

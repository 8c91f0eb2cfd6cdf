// Passes calls below one path on to the backend and its answers back. Only what the example's endpoints use goes through:
// GET, POST and DELETE, three request headers, text answers.
import type { HttpAnswer, HttpRequest, OpenRoute } from '@sockudo/server';

const TIMEOUT_MS = 10_000;
const FORWARDED_HEADERS = ['authorization', 'content-type', 'x-sockudo-device-identity-token'] as const;

export interface Forwarding {
  /** Address of the backend without a trailing slash; null until it is known. */
  target: string | null;
  readonly routes: readonly OpenRoute[];
}

export function createForwarding(prefix: string): Forwarding {
  const forward = async (request: HttpRequest): Promise<HttpAnswer> => {
    if (forwarding.target === null) return unreachable();
    const query = request.query === '' ? '' : `?${request.query}`;
    const address = `${forwarding.target}${request.path.slice(prefix.length)}${query}`;
    try {
      const response = await fetch(address, {
        method: request.method,
        headers: headersOf(request),
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(request.body.length > 0 && { body: new Uint8Array(request.body) }),
      });
      return {
        status: response.status,
        contentType: response.headers.get('content-type'),
        body: await response.text(),
        headers: [['cache-control', 'no-store']],
      };
    } catch {
      return unreachable();
    }
  };
  const forwarding: Forwarding = {
    target: null,
    routes: [
      { kind: 'open', path: `${prefix}/*`, methods: { GET: forward, POST: forward, DELETE: forward } },
    ],
  };
  return forwarding;
}

function headersOf(request: HttpRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of FORWARDED_HEADERS) {
    const value = request.header(name);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

const unreachable = (): HttpAnswer => ({
  status: 502,
  contentType: 'application/json',
  body: JSON.stringify({ error: 'The backend does not answer' }),
});

// POST /apps/:appId/revocations: tokens that count no more, and the connections that live by them (http.md section 9.1).
import { httpError, invalidShape, isJsonObject, member, stringMember } from '@sockudo/protocol';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { parseJsonBody } from '../json-body.ts';

const DEFAULT_TTL_SECONDS = 24 * 60 * 60;

async function revoke({ app, request }: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const body = parseJsonBody(request);
  if (!isJsonObject(body)) throw invalidShape('Request body must be a JSON object');
  const jti = stringMember(body, 'jti');
  const clientId = stringMember(body, 'client_id');
  if (jti === undefined && clientId === undefined) {
    throw httpError('auth_failed', 'revocation requires jti or client_id');
  }
  const tokens = { ...(jti !== undefined && { jti }), ...(clientId !== undefined && { clientId }) };
  const closed = await deps.revokeTokens(app, tokens, ttlSeconds(body) * 1000);
  return jsonAnswer(
    JSON.stringify({
      revoked_jti: jti !== undefined,
      revoked_client_id: clientId !== undefined,
      closed_connections: closed,
    }),
  );
}

/** As long as the tokens could still be used, at least a second. */
function ttlSeconds(body: Parameters<typeof member>[0]): number {
  const ttl = wholeSeconds(body, 'ttl_seconds');
  if (ttl !== undefined) return Math.max(1, ttl);
  const expiresAt = wholeSeconds(body, 'expires_at');
  if (expiresAt !== undefined) return Math.max(1, expiresAt - Math.floor(Date.now() / 1000));
  return DEFAULT_TTL_SECONDS;
}

function wholeSeconds(body: Parameters<typeof member>[0], key: string): number | undefined {
  const value = member(body, key) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw invalidShape(`'${key}' must be a whole number`);
  return value;
}

export const revocationsRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/revocations',
  methods: { POST: revoke },
};

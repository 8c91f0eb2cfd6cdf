// Requests and connection attempts per client address: a fixed window on the Cache port, so that all nodes that share a
// cache share the window. Owns the headers and bodies of refusals; the transports only send them.
// Source: http sheet 1.4; `x-ratelimit-reset` and `retry-after` are the time left (divergence D60).
import type { RateLimit } from '../settings.ts';
import { clientAddress, hasProxyHeaders, type LimitedClient } from './client-address.ts';
import { type HeaderList, type HttpAnswer, JSON_TYPE } from './exchange-types.ts';
import type { HttpDeps } from './http-deps.ts';

export type RateLimitVerdict =
  /** Send these with whatever is answered. */
  | { readonly allowed: true; readonly headers: HeaderList }
  /** 429, or 500 when the limiter's store fails: then nobody is let through. */
  | { readonly allowed: false; readonly answer: HttpAnswer };

export interface RateLimiter {
  /** Counts one request. Never rejects. */
  check(client: LimitedClient): Promise<RateLimitVerdict>;
}

/** In front of the client's address in the counter's key. */
const KEY_PREFIXES = { api: 'api:', websocket: 'websocket_connect:' } as const;

/** Limiter of `/apps/…`; null when it is off, which costs nothing. */
export function createApiRateLimiter(deps: LimiterDeps): RateLimiter | null {
  return createLimiter(deps, 'api');
}

/**
 * Limiter of WebSocket upgrades (`/app/:key`); null when it is off. A refused upgrade is answered with the verdict's answer
 * instead of the handshake.
 */
export function createWebSocketRateLimiter(deps: LimiterDeps): RateLimiter | null {
  return createLimiter(deps, 'websocket');
}

/** What a limiter uses of the server. */
type LimiterDeps = Pick<HttpDeps, 'settings' | 'cache' | 'counters' | 'logger'>;

/** @param kind also the name under which the limiter is configured and counted */
function createLimiter(
  { settings, cache, counters, logger }: LimiterDeps,
  kind: 'api' | 'websocket',
): RateLimiter | null {
  const limit = settings.rateLimits[kind];
  if (!limit.enabled) return null;
  const counted = counters.rateLimits[kind];
  let hasWarned = limit.trustHops > 0;

  return {
    async check(client): Promise<RateLimitVerdict> {
      if (!hasWarned && hasProxyHeaders(client)) {
        hasWarned = true;
        logger.warn(
          { limiter: kind },
          'proxy headers seen but not believed: all clients of the proxy share one rate limit; set trust_hops',
        );
      }
      counted.checks += 1;
      const key = KEY_PREFIXES[kind] + clientAddress(limit.trustHops, client);
      try {
        const verdict = judge(limit, await cache.increment(key, limit.windowMs));
        if (!verdict.allowed) counted.triggered += 1;
        return verdict;
      } catch (error) {
        logger.error({ err: error, limiter: kind }, 'rate limiter failed');
        return { allowed: false, answer: LIMITER_FAILED };
      }
    },
  };
}

function judge(
  limit: RateLimit,
  { count, resetsAtMs }: { count: number; resetsAtMs: number },
): RateLimitVerdict {
  const resetSeconds = String(Math.max(1, Math.ceil((resetsAtMs - Date.now()) / 1000)));
  const headers: HeaderList = [
    ['x-ratelimit-limit', String(limit.max)],
    ['x-ratelimit-remaining', String(Math.max(0, limit.max - count))],
    ['x-ratelimit-reset', resetSeconds],
  ];
  if (count <= limit.max) return { allowed: true, headers };
  return { allowed: false, answer: refusal([...headers, ['retry-after', resetSeconds]]) };
}

function refusal(headers: HeaderList): HttpAnswer {
  const body = '{"error":"Too Many Requests","message":"Rate limit exceeded. Please try again later."}';
  return { status: 429, contentType: JSON_TYPE, body, headers };
}

const LIMITER_FAILED: HttpAnswer = {
  status: 500,
  contentType: JSON_TYPE,
  body: '{"error":"Internal Server Error","message":"Rate limiter is not available."}',
};

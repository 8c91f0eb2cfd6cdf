import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RateLimit } from '../settings.ts';
import type { LimitedClient } from './client-address.ts';
import { fakeDeps, fakeSettings } from './fake-deps.ts';
import { createApiRateLimiter, createWebSocketRateLimiter, type RateLimitVerdict } from './rate-limit.ts';

const LIMIT: RateLimit = { enabled: true, max: 3, windowMs: 60_000, trustHops: 0 };

function limited(changes: Partial<RateLimit> = {}) {
  const { rateLimits } = fakeSettings();
  return fakeDeps({ settings: { rateLimits: { ...rateLimits, api: { ...LIMIT, ...changes } } } });
}

function client(peerAddress: string, headers: Readonly<Record<string, string>> = {}): LimitedClient {
  return { peerAddress, header: (name) => headers[name] };
}

function headersOf(verdict: RateLimitVerdict | undefined): Record<string, string> {
  if (verdict === undefined) return {};
  return Object.fromEntries((verdict.allowed ? verdict.headers : verdict.answer.headers) ?? []);
}

beforeEach(() => void vi.useFakeTimers({ now: 1_760_000_000_000 }));
afterEach(() => void vi.useRealTimers());

describe('the API limiter', () => {
  it('is not there when it is off', () => {
    expect(createApiRateLimiter(fakeDeps())).toBeNull();
    expect(createWebSocketRateLimiter(limited())).toBeNull();
  });

  it('counts down, refuses, and begins anew with the next window; what is left of it is told (D60)', async () => {
    const deps = limited();
    const limiter = createApiRateLimiter(deps);
    const remaining: (string | undefined)[] = [];
    for (let i = 0; i < 3; i += 1) {
      const verdict = await limiter?.check(client('1.1.1.1'));
      expect(verdict?.allowed).toBe(true);
      expect(headersOf(verdict)['x-ratelimit-limit']).toBe('3');
      remaining.push(headersOf(verdict)['x-ratelimit-remaining']);
    }
    expect(remaining).toEqual(['2', '1', '0']);

    vi.setSystemTime(1_760_000_042_500);
    expect(await limiter?.check(client('1.1.1.1'))).toEqual({
      allowed: false,
      answer: {
        status: 429,
        contentType: 'application/json',
        body: '{"error":"Too Many Requests","message":"Rate limit exceeded. Please try again later."}',
        headers: [
          ['x-ratelimit-limit', '3'],
          ['x-ratelimit-remaining', '0'],
          ['x-ratelimit-reset', '18'],
          ['retry-after', '18'],
        ],
      },
    });
    expect(deps.counters.rateLimits.api).toEqual({ checks: 4, triggered: 1 });

    vi.setSystemTime(1_760_000_060_001);
    expect((await limiter?.check(client('1.1.1.1')))?.allowed).toBe(true);
  });

  it('counts each address, and the WebSocket limiter for itself', async () => {
    const { rateLimits } = fakeSettings();
    const one = { ...LIMIT, max: 1 };
    const deps = fakeDeps({ settings: { rateLimits: { ...rateLimits, api: one, websocket: one } } });
    const api = createApiRateLimiter(deps);
    const websocket = createWebSocketRateLimiter(deps);
    expect((await api?.check(client('1.1.1.1')))?.allowed).toBe(true);
    expect((await api?.check(client('2.2.2.2')))?.allowed).toBe(true);
    expect((await websocket?.check(client('1.1.1.1')))?.allowed).toBe(true);
    expect((await websocket?.check(client('1.1.1.1')))?.allowed).toBe(false);
    expect(deps.counters.rateLimits.websocket).toEqual({ checks: 2, triggered: 1 });
    expect(await deps.cache.get('api:1.1.1.1')).not.toBeNull();
    expect(await deps.cache.get('websocket_connect:1.1.1.1')).not.toBeNull();
  });

  it('does not believe a proxy unasked, and says so once (D60)', async () => {
    const deps = limited({ max: 1 });
    const limiter = createApiRateLimiter(deps);
    expect((await limiter?.check(client('9.9.9.9', { 'x-real-ip': '1.1.1.1' })))?.allowed).toBe(true);
    expect((await limiter?.check(client('9.9.9.9', { 'x-real-ip': '2.2.2.2' })))?.allowed).toBe(false);
    expect(deps.calls.logged.filter((line) => line.includes('trust_hops'))).toHaveLength(1);
  });

  it('counts the clients of a trusted proxy apart', async () => {
    const deps = limited({ max: 1, trustHops: 1 });
    const limiter = createApiRateLimiter(deps);
    expect((await limiter?.check(client('9.9.9.9', { 'x-forwarded-for': '1.1.1.1' })))?.allowed).toBe(true);
    expect((await limiter?.check(client('9.9.9.9', { 'x-forwarded-for': '2.2.2.2' })))?.allowed).toBe(true);
    expect(deps.calls.logged).toEqual([]);
  });

  it('lets nobody through when it cannot count', async () => {
    const deps = limited();
    const cache = {
      ...deps.cache,
      increment: () => Promise.reject(new Error('redis://secret@host is down')),
    };
    const verdict = await createApiRateLimiter({ ...deps, cache })?.check(client('1.1.1.1'));
    expect(verdict).toEqual({
      allowed: false,
      answer: {
        status: 500,
        contentType: 'application/json',
        body: '{"error":"Internal Server Error","message":"Rate limiter is not available."}',
      },
    });
    expect(deps.calls.logged).toHaveLength(1);
  });
});

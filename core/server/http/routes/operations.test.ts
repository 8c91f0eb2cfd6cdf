// Health and inspection: the routes an operator's tools ask, without signature.
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeDeps, type FakeOptions, fakeApp, fakeDeps, fakeSettings } from '../fake-deps.ts';
import { createHttpFront, type HttpFront } from '../front.ts';
import type { HealthCheck } from '../http-deps.ts';

let front: HttpFront;
afterEach(() => front.close());

async function ask(path: string, options: FakeOptions = {}, prepare = (_deps: FakeDeps): void => {}) {
  const deps = fakeDeps(options);
  prepare(deps);
  front = await createHttpFront(deps);
  const { port } = await front.listen();
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { deps, response, body: await response.text() };
}

const check = (weight: HealthCheck['weight'], run: () => Promise<void>): HealthCheck => ({
  name: 'queue',
  weight,
  check: run,
});
const failing = (): Promise<void> => Promise.reject(new Error('connect ECONNREFUSED'));
const hanging = (): Promise<void> => new Promise(() => {});
const http = { ...fakeSettings().http, healthCheckTimeoutMs: 20 };

describe('GET /live', () => {
  it('is 200 and empty, whatever else fails', async () => {
    const { response, body } = await ask('/live', {
      apps: [],
      deps: { healthChecks: [check('required', failing)] },
    });
    expect([response.status, body]).toEqual([200, '']);
  });
});

describe('GET /up', () => {
  const cases: [name: string, path: string, options: FakeOptions, status: number, health: string][] = [
    ['healthy', '/up', {}, 200, 'OK'],
    ['healthy, with a slash', '/up/', {}, 200, 'OK'],
    ['no app at all', '/up', { apps: [] }, 503, 'ERROR'],
    ['an app', '/up/4242', {}, 200, 'OK'],
    ['an unknown app', '/up/nobody', {}, 404, 'NOT_FOUND'],
    ['a disabled app', '/up/4242', { apps: [fakeApp({ enabled: false })] }, 503, 'ERROR'],
    [
      'only the queue fails',
      '/up',
      { deps: { healthChecks: [check('optional', failing)] } },
      200,
      'DEGRADED',
    ],
    [
      'only the queue hangs',
      '/up',
      { settings: { http }, deps: { healthChecks: [check('optional', hanging)] } },
      200,
      'DEGRADED',
    ],
    ['the adapter fails', '/up', { deps: { healthChecks: [check('required', failing)] } }, 503, 'ERROR'],
    [
      'the adapter hangs',
      '/up',
      { settings: { http }, deps: { healthChecks: [check('required', hanging)] } },
      503,
      'ERROR',
    ],
  ];
  it.each(cases)('%s (%s)', async (_name, path, options, status, health) => {
    const { response, body } = await ask(path, options);
    expect([response.status, body]).toEqual([status, health]);
    expect(response.headers.get('x-health-check')).toBe(health);
    expect(response.headers.get('content-type')).toBeNull();
  });

  it('is ERROR when the cache fails', async () => {
    const { cache } = fakeDeps();
    const { body } = await ask('/up', {
      deps: { cache: { ...cache, get: () => Promise.reject(new Error('down')) } },
    });
    expect(body).toBe('ERROR');
  });

  it('is DRAINING while the server stops, whatever else', async () => {
    const { response, body } = await ask('/up/nobody', { apps: [] }, (deps) => {
      deps.draining = true;
    });
    expect([response.status, body]).toEqual([503, 'DRAINING']);
  });

  it('counts healthy answers, for the server or for the app', async () => {
    const { deps } = await ask('/up');
    expect(deps.counters.of('system').httpCallsReceived).toBe(1);
    await front.close();
    const second = await ask('/up/4242');
    expect(second.deps.counters.of('4242').httpCallsReceived).toBe(1);
  });
});

describe('inspection', () => {
  it('shows memory in bytes', async () => {
    const { body } = await ask('/usage');
    const { memory } = JSON.parse(body);
    expect(memory.used + memory.free).toBe(memory.total);
    expect(memory.percent).toBeCloseTo((memory.used / memory.total) * 100, 1);
  });

  it.each(['/stats', '/operator/stats'])('%s shows totals and apps', async (path) => {
    const counts = {
      connections: 3,
      authenticated_connections: 1,
      users: 1,
      connections_with_meta: 0,
      occupancy: {
        channels: 2,
        subscriptions: 4,
        presence_channels: 1,
        presence_subscriptions: 2,
        presence_members: 2,
      },
    };
    const { body } = await ask(path);
    const { memory, ...rest } = JSON.parse(body);
    expect(Object.keys(memory)).toEqual(['free', 'used', 'total', 'percent']);
    expect(rest).toEqual({
      history: {
        enabled: true,
        backend: 'memory',
        state_authority: 'in_memory',
        degraded_channels: 0,
        reset_required_channels: 0,
        queue_depth: 0,
      },
      presence_history: {
        enabled: false,
        backend: 'disabled',
        state_authority: 'disabled',
        degraded_channels: 0,
        reset_required_channels: 0,
        queue_depth: 0,
      },
      totals: { apps: 1, ...counts },
      apps: [{ app_id: '4242', ...counts }],
    });
  });

  it('adds up the apps', async () => {
    const { body } = await ask('/stats', { apps: [fakeApp(), fakeApp({ id: 'b', key: 'k-b' })] });
    expect(JSON.parse(body).totals).toMatchObject({
      apps: 2,
      connections: 6,
      occupancy: { subscriptions: 8 },
    });
  });

  it.each(['/usage', '/stats', '/operator/stats'])(
    '%s is an unknown path when usage is off',
    async (path) => {
      const settings = { http: { ...fakeSettings().http, usageEnabled: false } };
      expect((await ask(path, { settings })).response.status).toBe(404);
    },
  );
});

// Readiness: what `GET /up` answers and why. Owns the order of the states; what a dependency is, its HealthCheck says.
import type { HealthCheck, HttpDeps } from './http-deps.ts';

/** In this order: stopping, unknown app, a required dependency or app that does not work, an optional one, none of these. */
export type Health = 'DRAINING' | 'NOT_FOUND' | 'ERROR' | 'DEGRADED' | 'OK';

/** A key that nothing sets: whether the cache answers is all that matters. */
const PROBE_KEY = 'health-check';

/** @param appId ask about this app; absent: there must be at least one app */
export async function checkHealth(deps: HttpDeps, appId?: string): Promise<Health> {
  if (deps.isDraining()) return 'DRAINING';
  if (appId === undefined) {
    if (deps.apps.all().length === 0) return 'ERROR';
  } else {
    const app = deps.apps.byId(appId);
    if (app === undefined) return 'NOT_FOUND';
    if (!app.enabled) return 'ERROR';
  }
  return checkDependencies(deps);
}

async function checkDependencies(deps: HttpDeps): Promise<Health> {
  const cache: HealthCheck = { name: 'cache', weight: 'required', check: () => askCache(deps) };
  const results = await Promise.all(
    [cache, ...deps.healthChecks].map(async (dependency) => {
      const failure = await failureOf(dependency, deps.settings.http.healthCheckTimeoutMs);
      if (failure !== null) deps.logger.warn({ check: dependency.name, err: failure }, 'health check failed');
      return { weight: dependency.weight, failed: failure !== null };
    }),
  );
  if (results.some(({ weight, failed }) => failed && weight === 'required')) return 'ERROR';
  return results.some(({ failed }) => failed) ? 'DEGRADED' : 'OK';
}

async function askCache(deps: HttpDeps): Promise<void> {
  await deps.cache.get(PROBE_KEY);
}

/** The reason why a check failed or was too slow; null: it passed. */
async function failureOf(dependency: HealthCheck, timeoutMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([dependency.check(), deadline]);
    return null;
  } catch (error) {
    return error ?? new Error('unknown failure');
  } finally {
    clearTimeout(timer);
  }
}

// What a cluster needs: stores that all nodes share, and times that fit each other (http.md section 14, divergence D81).
import type { Problem } from './problem.ts';
import { redisUrlFault } from './redis-address.ts';
import type { ServerConfig } from './schema.ts';
import { policyOf } from './sections/apps.ts';
import { enabledProviders } from './to-push.ts';

/** Drivers that one node has for itself. */
const OWN_DRIVERS: readonly string[] = ['memory', 'sqlite'];

/** @param keepsMessages something of this configuration is kept in the channel log */
export function clusterProblems(config: ServerConfig, keepsMessages: boolean): Problem[] {
  const isCluster = config.adapter.driver !== 'local';
  return [
    ...(isCluster ? [...stores(config, keepsMessages), ...health(config)] : []),
    ...queue(config),
    ...redis(config, isCluster),
  ];
}

function stores(config: ServerConfig, keepsMessages: boolean): Problem[] {
  const { adapter, cache, queue: jobs, history, rate_limiter: limiter } = config;
  const usesLog = needsSharedLog(config, keepsMessages);
  const checks: [string, string, boolean, string][] = [
    ['cache.driver', cache.driver, true, 'cached events and limits need a cache that all nodes share'],
    ['queue.driver', jobs.driver, true, 'jobs need a queue that all nodes share'],
    [
      'history.backend',
      history.backend,
      usesLog,
      'history, recovery, idempotency and push need a store that all nodes share',
    ],
    ['rate_limiter.driver', limiter.driver, limiter.enabled, 'limits need a store that all nodes share'],
  ];
  const problems: Problem[] = checks
    .filter(([, driver, isUsed]) => isUsed && OWN_DRIVERS.includes(driver))
    .map(([path, driver, , why]) => ({
      path,
      value: driver,
      message: `\`${driver}\` keeps data on one node, but adapter.driver is \`${adapter.driver}\`: ${why}`,
    }));
  if (config.presence_history.enabled && !history.enabled) {
    problems.push({ path: 'presence_history.enabled', message: 'needs history.enabled in a cluster' });
  }
  return problems;
}

/** Among several nodes, what is kept for a moment only must be found from each of them, too; push is kept beside the log. */
export function needsSharedLog(config: ServerConfig, keepsMessages: boolean): boolean {
  const hasPush = enabledProviders(config).length > 0;
  return keepsMessages || recovers(config) || config.idempotency.enabled || hasPush;
}

function recovers(config: ServerConfig): boolean {
  if (!config.connection_recovery.enabled) return false;
  const { apps } = config.app_manager.array;
  return apps.length === 0 || apps.some((app) => policyOf(app).connection_recovery?.enabled !== false);
}

function health({ adapter: { cluster_health: health } }: ServerConfig): Problem[] {
  const problems: Problem[] = [];
  if (!health.enabled) {
    problems.push({
      path: 'adapter.cluster_health.enabled',
      message: 'must be true: members of a dead node would stay for ever',
    });
  }
  if (health.heartbeat_interval_ms * 3 > health.node_timeout_ms) {
    problems.push({
      path: 'adapter.cluster_health.heartbeat_interval_ms',
      message: 'must be at most a third of adapter.cluster_health.node_timeout_ms',
    });
  }
  if (health.cleanup_interval_ms > health.node_timeout_ms) {
    problems.push({
      path: 'adapter.cluster_health.cleanup_interval_ms',
      message: 'must be at most adapter.cluster_health.node_timeout_ms',
    });
  }
  return problems;
}

/** Without a queue nothing sends webhooks: an app that has some is not served half. */
function queue({ queue: { driver }, app_manager: { array } }: ServerConfig): Problem[] {
  if (driver !== 'none') return [];
  const hasWebhooks = array.apps.some((app) => (policyOf(app).webhooks ?? []).length > 0);
  if (!hasWebhooks) return [];
  return [{ path: 'queue.driver', value: driver, message: '`none` sends no webhooks, but an app has some' }];
}

function redis(
  { adapter, cache, rate_limiter: limiter, database }: ServerConfig,
  isCluster: boolean,
): Problem[] {
  const problems: Problem[] = [];
  if (limiter.enabled && limiter.driver === 'redis' && cache.driver !== 'redis') {
    const message = '`redis` counts in the cache: set cache.driver to `redis` too';
    problems.push({ path: 'rate_limiter.driver', value: limiter.driver, message });
  }
  if (!(isCluster && adapter.driver === 'redis') && cache.driver !== 'redis') return problems;
  const urls: [string, string | undefined][] = [
    ['database.redis.url', database.redis.url],
    ['cache.redis.url_override', cache.redis?.url_override],
  ];
  for (const [path, url] of urls) {
    const fault = url === undefined ? null : redisUrlFault(url);
    if (fault !== null) problems.push({ path, message: fault });
  }
  if (database.redis.sentinels.length > 0) {
    const message = 'Sentinel is not available in this version: name the server itself in database.redis';
    problems.push({ path: 'database.redis.sentinels', message });
  }
  return problems;
}

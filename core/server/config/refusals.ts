// Rules between settings: configurations that are well-formed but must not start (http.md section 14, operations.md
// section 3, divergences D68, D81, D83, D84). Each names the setting to change. Single values are the schema's business.

import { originPatternFault } from './patterns.ts';
import type { Problem } from './problem.ts';
import { appProblems } from './refusals-apps.ts';
import { clusterProblems } from './refusals-cluster.ts';
import { pushProblems } from './refusals-push.ts';
import type { ServerConfig } from './schema.ts';
import { ROLLUP_WINDOWS_MS } from './sections/ai-transport.ts';
import { policyOf } from './sections/apps.ts';

/** Drivers of this version, by the setting that chooses them. */
export const AVAILABLE_DRIVERS: Readonly<Record<string, readonly string[]>> = {
  'adapter.driver': ['local', 'redis'],
  'cache.driver': ['memory', 'sqlite', 'redis'],
  'queue.driver': ['sqlite', 'postgres', 'memory', 'none'],
  'rate_limiter.driver': ['memory', 'redis'],
  'app_manager.driver': ['memory'],
  'history.backend': ['sqlite', 'memory', 'postgres'],
};

/** True where anything of this configuration is kept in a channel log that must outlive the process. */
export function usesDurableLog(config: ServerConfig): boolean {
  const isGlobal = config.history.enabled || config.presence_history.enabled;
  return (
    isGlobal ||
    config.app_manager.array.apps.some((app) => {
      const policy = policyOf(app);
      const namespaces = policy.channels.channel_namespaces ?? [];
      return (
        policy.history?.enabled === true ||
        policy.presence_history?.enabled === true ||
        policy.channels.annotations_enabled === true ||
        namespaces.some(
          (namespace) =>
            namespace.annotations_enabled === true || namespace.presence_history?.enabled === true,
        )
      );
    })
  );
}

function drivers(config: ServerConfig): Problem[] {
  const chosen: [string, string][] = [
    ['adapter.driver', config.adapter.driver],
    ['cache.driver', config.cache.driver],
    ['queue.driver', config.queue.driver],
    ['app_manager.driver', config.app_manager.driver],
  ];
  if (config.rate_limiter.enabled) chosen.push(['rate_limiter.driver', config.rate_limiter.driver]);
  if (usesDurableLog(config)) chosen.push(['history.backend', config.history.backend]);
  return chosen.flatMap(([path, value]) => {
    const available = AVAILABLE_DRIVERS[path] ?? [];
    if (available.includes(value)) return [];
    const words = available.map((name) => `\`${name}\``).join(' or ');
    return [
      {
        path,
        value,
        expected: words,
        message: `the driver \`${value}\` is not available in this version: use ${words}`,
      },
    ];
  });
}

const UNAVAILABLE: readonly [path: string, isOn: (config: ServerConfig) => boolean][] = [
  ['unix_socket.enabled', (config) => config.unix_socket.enabled],
  ['ssl.redirect_http', (config) => config.ssl.redirect_http],
  ['metrics.tcp_exporter.enabled', (config) => config.metrics.enabled && config.metrics.tcp_exporter.enabled],
  ['ably_compat.enabled', (config) => config.ably_compat.enabled],
];

function unavailable(config: ServerConfig): Problem[] {
  return UNAVAILABLE.filter(([, isOn]) => isOn(config)).map(([path]) => ({
    path,
    value: 'true',
    message: 'is not available in this version: leave it false',
  }));
}

function apiRole(config: ServerConfig): Problem[] {
  if (config.server_role !== 'api') return [];
  const problems: Problem[] = [
    {
      path: 'server_role',
      value: 'api',
      message: 'the role `api` is not available in this version: use `default`',
    },
  ];
  if (config.adapter.driver === 'local') {
    problems.push({
      path: 'adapter.driver',
      message: '`local` cannot serve the role `api`: it needs a cluster adapter',
    });
  }
  if (config.adapter.fallback_to_local) {
    problems.push({ path: 'adapter.fallback_to_local', message: 'must be false for the role `api`' });
  }
  return problems;
}

function durable(config: ServerConfig): Problem[] {
  const problems: Problem[] = [];
  if (config.annotations.enabled && !config.versioned_messages.enabled) {
    problems.push({ path: 'annotations.enabled', message: 'needs versioned_messages.enabled' });
  }
  if (!config.ai_transport.enabled) return problems;
  for (const path of ['history', 'versioned_messages'] as const) {
    if (!config[path].enabled)
      problems.push({ path: 'ai_transport.enabled', message: `needs ${path}.enabled` });
  }
  return [...problems, ...rollup(config)];
}

function rollup(config: ServerConfig): Problem[] {
  const { default_window_ms: window, min_window_ms: min, max_window_ms: max } = config.ai_transport.rollup;
  const windows: readonly number[] = ROLLUP_WINDOWS_MS;
  if (min > max) {
    const message = 'must not exceed ai_transport.rollup.max_window_ms';
    return [{ path: 'ai_transport.rollup.min_window_ms', value: String(min), message }];
  }
  if (windows.includes(window) && window >= min && window <= max) return [];
  const allowed = windows.filter((candidate) => candidate >= min && candidate <= max).join(', ');
  const message = `must be one of ${allowed}, not ${window}`;
  return [
    { path: 'ai_transport.rollup.default_window_ms', value: String(window), expected: allowed, message },
  ];
}

function listeners(config: ServerConfig): Problem[] {
  const problems: Problem[] = [];
  if (config.ssl.enabled) {
    for (const key of ['cert_path', 'key_path'] as const) {
      if (config.ssl[key] === '')
        problems.push({ path: `ssl.${key}`, message: 'must not be empty while ssl.enabled is true' });
    }
  }
  if (config.metrics.enabled && config.metrics.port !== 0 && config.metrics.port === config.port) {
    problems.push({
      path: 'metrics.port',
      value: String(config.metrics.port),
      message: 'must differ from port',
    });
  }
  config.cors.origin.forEach((pattern, index) => {
    const fault = originPatternFault(pattern);
    if (fault !== null) problems.push({ path: `cors.origin[${index}]`, value: pattern, message: fault });
  });
  return problems;
}

/** Everything that forbids a start. */
export function refusals(config: ServerConfig): Problem[] {
  return [
    ...drivers(config),
    ...unavailable(config),
    ...clusterProblems(config, usesDurableLog(config)),
    ...apiRole(config),
    ...durable(config),
    ...listeners(config),
    ...pushProblems(config, usesDurableLog(config)),
    ...appProblems(config),
  ];
}

// What push needs: a store and a queue that outlive the process (push.md section 9.1), settings that fit each other.
import type { Problem } from './problem.ts';
import type { ServerConfig } from './schema.ts';
import { enabledProviders } from './to-push.ts';

const STORES: readonly string[] = ['memory', 'sqlite', 'postgres'];

/** @param keepsMessages something of this configuration is kept in the channel log */
export function pushProblems(config: ServerConfig, keepsMessages: boolean): Problem[] {
  if (enabledProviders(config).length === 0) return [];
  return [...store(config), ...durability(config, keepsMessages), ...retry(config)];
}

/** There is one store for what is durable; who asks push for another one would not get it. */
function store({ push: { storage_driver: driver }, history: { backend } }: ServerConfig): Problem[] {
  const path = 'push.storage_driver';
  if (!STORES.includes(driver)) {
    const message = `the driver \`${driver}\` is not available in this version: use history.backend`;
    return [{ path, value: driver, message }];
  }
  if (driver === 'memory' || driver === backend) return [];
  const message = `push is kept in the store of history.backend, which is \`${backend}\`, not \`${driver}\``;
  return [{ path, value: driver, message }];
}

function durability(config: ServerConfig, keepsMessages: boolean): Problem[] {
  if (config.mode === 'development' || config.push.allow_memory_drivers) return [];
  const { backend } = config.history;
  const lost = 'push would be lost with the process: choose another, or set push.allow_memory_drivers';
  const problems: Problem[] = [];
  if (backend === 'memory' || (!keepsMessages && backend !== 'sqlite' && config.adapter.driver === 'local')) {
    problems.push({ path: 'history.backend', value: backend, message: lost });
  }
  const { driver } = config.queue;
  if (driver === 'memory' || driver === 'none')
    problems.push({ path: 'queue.driver', value: driver, message: lost });
  return problems;
}

function retry({ push: { retry: limits } }: ServerConfig): Problem[] {
  const bounds: [string, number, number][] = [
    ['max_attempts', limits.max_attempts, 100],
    ['max_backoff_ms', limits.max_backoff_ms, 24 * 60 * 60 * 1000],
    ['max_elapsed_secs', limits.max_elapsed_secs, 30 * 24 * 60 * 60],
  ];
  return bounds
    .filter(([, value, max]) => value > max)
    .map(([name, value, max]) => ({
      path: `push.retry.${name}`,
      value: String(value),
      message: `must be at most ${max}`,
    }));
}

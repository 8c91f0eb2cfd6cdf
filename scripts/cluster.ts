// `npm run cluster`: two nodes that share a Redis and a PostgreSQL of their own, all in one process tree. Prints where the nodes are
// and the app to use; Ctrl-C stops everything. Redis and PostgreSQL are installed where they are missing.
//
//   --port N       of the first node (default 6001); the second has the next one
//   --redis URL    use this Redis instead of starting one
//
// The data is in a temporary folder and goes with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type PostgresCluster, startPostgres } from '../test/support/postgres.ts';
import { type RedisProcess, startRedis } from '../test/support/redis.ts';
import { ensureDatabases } from './databases.ts';

const BIN = fileURLToPath(new URL('../core/server/cli/bin.ts', import.meta.url));
const NODES = ['one', 'two'] as const;
/** As docs/ai-transport has them, and as the examples do. */
const AI_PREFIXES = ['private-ai-', 'ai:'];
/** Ctrl-C is for this process, which stops the others one after the other. */
const APART = { detached: true };

const { values } = parseArgs({
  options: { port: { type: 'string', default: '6001' }, redis: { type: 'string' } },
});
const app = { id: 'cluster', key: 'cluster-key', secret: randomBytes(16).toString('hex') };
const folder = await mkdtemp(join(tmpdir(), 'sockudo-cluster-'));
const children: ChildProcess[] = [];
/** Redis and PostgreSQL, as far as they are ours; one that is still starting is closed, too. */
const stores: Promise<{ close(): Promise<void> }>[] = [];
let isStopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(0));

try {
  ensureDatabases('two nodes that share them');
  const redisUrl = values.redis ?? urlOf(await opened(startRedis(APART)));
  const postgres = await opened(startPostgres({}, APART));
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify(configuration(redisUrl, postgres)), { mode: 0o600 });
  for (const [index, name] of NODES.entries()) {
    if (!isStopping) await startNode(name, file, Number(values.port) + index);
  }
} catch (error) {
  if (!isStopping) {
    console.error(`cluster: ${error instanceof Error ? error.message : error}`);
    await stop(1);
  }
}
if (!isStopping) {
  console.log(`\n  Two nodes are running: ports ${values.port} and ${Number(values.port) + 1}.`);
  console.log(`  app id ${app.id}   key ${app.key}   secret ${app.secret}\n\n  Ctrl-C stops them.\n`);
}

function configuration(redisUrl: string, { connection }: PostgresCluster): Record<string, unknown> {
  const { host, port, user: username, database } = connection;
  return {
    host: '127.0.0.1',
    mode: 'development',
    shutdown_grace_period: 1,
    metrics: { enabled: false },
    adapter: {
      driver: 'redis',
      cluster_health: { heartbeat_interval_ms: 1000, node_timeout_ms: 3000, cleanup_interval_ms: 1000 },
    },
    cache: { driver: 'redis' },
    queue: { driver: 'postgres' },
    rate_limiter: { driver: 'redis' },
    database: { redis: { url: redisUrl }, postgres: { host, port, username, database } },
    history: { enabled: true, backend: 'postgres' },
    versioned_messages: { enabled: true },
    annotations: { enabled: true },
    presence_history: { enabled: true },
    connection_recovery: { enabled: true },
    idempotency: { enabled: true },
    ai_transport: { enabled: true, channels: AI_PREFIXES.map((prefix) => ({ prefix })) },
    app_manager: {
      array: {
        apps: [
          {
            ...app,
            enabled: true,
            enable_client_messages: true,
            enable_user_authentication: true,
            policy: { channels: { annotations_enabled: true } },
          },
        ],
      },
    },
  };
}

function urlOf({ host, port }: RedisProcess): string {
  return `redis://${host}:${port}/0`;
}

function opened<Store extends { close(): Promise<void> }>(starting: Promise<Store>): Promise<Store> {
  stores.push(starting);
  return starting;
}

function startNode(name: string, file: string, port: number): Promise<void> {
  const args = [BIN, 'serve', '--config', file, '--port', String(port), '--json'];
  return started(name, spawn(process.execPath, args, { cwd: folder, ...APART }), /"event":"ready"/);
}

/** Shows what a child says, with its name, and resolves with the line that tells that it is ready. */
function started(name: string, child: ChildProcess, ready: RegExp): Promise<void> {
  children.push(child);
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        console.log(`${name}  ${line}`);
        if (ready.test(line)) resolve();
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`${name} ended with ${code}`));
      if (!isStopping) console.log(`${name}  ended with ${code}; the rest goes on`);
    });
  });
}

/** The nodes first, so that they can say good-bye. The second signal does not wait for them. */
async function stop(exitCode: number): Promise<void> {
  const isFirst = !isStopping;
  const signal = isFirst ? 'SIGTERM' : 'SIGKILL';
  isStopping = true;
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
  // The first one goes on here.
  if (!isFirst) return;
  for (const store of await Promise.allSettled(stores)) {
    if (store.status === 'fulfilled') await store.value.close();
  }
  await rm(folder, { recursive: true, force: true });
  process.exit(exitCode);
}

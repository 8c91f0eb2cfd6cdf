// What the conformance suite runs against: one server with SQLite, or two processes that share a Redis and a PostgreSQL of
// their own, as clients may meet them.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { formatProblem, loadSettings } from '../core/server/config/index.ts';
import { startServer } from '../core/server/index.ts';
import { conformanceConfig } from './conformance-config.ts';
import { durableNodeConfig, type SharedStores, startSharedStores } from './support/cluster.ts';
import { type Address, startLoadBalancer } from './support/load-balancer.ts';
import { spawnServer } from './support/server-process.ts';

/** A way to the servers, which the whole suite is run by. */
export interface Route {
  readonly name: string;
  /** Base addresses for `--ws` and `--http`. */
  readonly webSocketUrl: string;
  readonly httpUrl: string;
  /** Cases whose transcript depends on which node a connection came to; they hold on the other routes. */
  readonly nodesDiffer: readonly string[];
}

export interface ConformanceServers {
  readonly routes: readonly [Route, ...Route[]];
  close(): Promise<void>;
}

/** A node writes presence history behind the joins and leaves, so another node may not find it yet when a case reads it. */
const WRITTEN_BEHIND = ['presence-history-page', 'presence-history-paging', 'presence-history-snapshot'];

/**
 * What docs/cluster.md says of single nodes: watchlists know the connections of their own, a node without subscribers of a channel replays
 * from the log (`"source": "cold"`), and what two nodes add to a presence history may change places.
 */
const NODES_DIFFER = ['user-watchlist', 'recovery-versioned-hot', ...WRITTEN_BEHIND];

/** One server in this process, with SQLite as a user has it. */
export async function startOneServer(): Promise<ConformanceServers> {
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-conformance-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const options = { port: 0, store: 'sqlite', databasePath: join(folder, 'sockudo.db') } as const;
    const loaded = loadSettings({
      config: conformanceConfig(await suiteSettings(), options),
      env: {},
      cwd: folder,
    });
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
    const logger = pino({ level: process.env.SOCKUDO_LOG ?? 'error' }, pino.destination(2));
    const server = await startServer(loaded.settings, { logger });
    const close = () => server.close().finally(removeFolder);
    return { routes: [route('one server', server.address, server.address)], close };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** What a node keeps for itself is missed: by the first route in all that HTTP does, by the second among the sockets, too. */
export async function startTwoNodes(): Promise<ConformanceServers> {
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-conformance-'));
  const opened = [{ close: () => rm(folder, { recursive: true, force: true }) }];
  const close = async (): Promise<void> => {
    for (const part of opened.splice(0).reverse()) await part.close();
  };
  try {
    const stores = await startSharedStores();
    opened.push(stores);
    const settings = nodeSettings(await suiteSettings(), stores);
    const startNode = async (name: string): Promise<Address> => {
      const home = join(folder, name);
      await mkdir(home);
      const node = await spawnServer(home, settings);
      opened.push({ close: () => node.kill() });
      return node;
    };
    const [first, second] = [await startNode('first'), await startNode('second')];
    const both = await startLoadBalancer([first, second]);
    opened.push(both);
    const routes = [
      route('sockets on one node, HTTP on the other', first, second, WRITTEN_BEHIND),
      route('sockets on both nodes in turn', both, second, NODES_DIFFER),
    ] as const;
    return { routes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function route(name: string, sockets: Address, http: Address, nodesDiffer: readonly string[] = []): Route {
  return {
    name,
    webSocketUrl: `ws://${sockets.host}:${sockets.port}`,
    httpUrl: `http://${http.host}:${http.port}`,
    nodesDiffer,
  };
}

/** The suite's settings; where things are kept is the cluster's. */
function nodeSettings(spec: unknown, stores: SharedStores): Record<string, unknown> {
  const { adapter, cache, database } = durableNodeConfig(stores);
  return { ...conformanceConfig(spec, { port: 0, store: 'postgres' }), adapter, cache, database };
}

async function suiteSettings(): Promise<unknown> {
  return JSON.parse(await readFile(join(import.meta.dirname, 'conformance/apps.json'), 'utf8'));
}

// The metrics listener: a port of its own that answers `GET /metrics` in the Prometheus text format, and nothing else. It has
// neither CORS nor authentication, so it belongs on an address that only the operator reaches.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Registry } from 'prom-client';
import type { ClusterParts } from '../compose.ts';
import type { HttpDeps } from '../http/http-deps.ts';
import { listenOn } from '../http/listen.ts';
import type { Settings } from '../settings.ts';
import { registerAppMetrics } from './app-metrics.ts';
import { registerClusterMetrics } from './cluster-metrics.ts';
import { type PluginMetric, registerPluginMetrics } from './plugin-metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';

export interface MetricsDeps extends Pick<HttpDeps, 'counters' | 'stats' | 'logger'> {
  readonly settings: Pick<Settings, 'metrics'>;
  /** Absent: there is one node. */
  readonly cluster?: { readonly driver: string; readonly parts: ClusterParts };
  /** Default: none. */
  readonly pluginMetrics?: readonly PluginMetric[];
}

export interface MetricsListener {
  /** Null when metrics are off: then nothing listens. */
  readonly port: number | null;
  close(): Promise<void>;
}

/** Rejects with a text that names the setting when the port cannot be opened. */
export async function startMetrics(deps: MetricsDeps): Promise<MetricsListener> {
  const { enabled, host, port, prefix } = deps.settings.metrics;
  if (!enabled) return { port: null, close: async () => {} };
  const registry = new Registry();
  const server = createServer((request, response) => answer(registry, request, response, deps));
  const address = await listenOn(server, host, port, 'metrics.port');
  const place = { registry, prefix, port: String(address.port) };
  registerAppMetrics({ ...place, counters: deps.counters, appStats: () => deps.stats().apps });
  registerPluginMetrics({ ...place, metrics: deps.pluginMetrics ?? [] });
  registerProcessMetrics(registry);
  if (deps.cluster !== undefined) {
    const { driver, parts } = deps.cluster;
    registerClusterMetrics({ registry, prefix, driver, cluster: parts });
  }
  return { port: address.port, close: () => closeServer(server) };
}

function answer(
  registry: Registry,
  request: IncomingMessage,
  response: ServerResponse,
  { logger }: MetricsDeps,
): void {
  const path = request.url?.split('?', 1)[0];
  if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('404 NOT FOUND');
    return;
  }
  registry.metrics().then(
    (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
    (error: unknown) => {
      logger.error({ err: error }, 'metrics could not be collected');
      response.writeHead(500).end();
    },
  );
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

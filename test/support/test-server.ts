// A whole server in the test's own process, on a free port, with one app that may do everything and a store of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { formatProblem, loadSettings } from '../../core/server/config/index.ts';
import { startServer } from '../../core/server/index.ts';
import type { Plugin } from '../../core/server/plugins/plugin.ts';
import { type Credentials, signedPath, TEST_APP } from './credentials.ts';

export interface TestServerOptions {
  /** Settings in the names of the configuration file, over those of the tests. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Members of the test app, over those that let it do everything. */
  readonly app?: Readonly<Record<string, unknown>>;
  /** Further apps, in the names of the configuration file. */
  readonly moreApps?: readonly Readonly<Record<string, unknown>>[];
  /** Besides those that the settings ask for. */
  readonly plugins?: readonly Plugin[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export interface TestServer {
  readonly host: string;
  readonly port: number;
  readonly app: Credentials;
  /** Log lines of level warn and above. A healthy server writes none, whatever its clients do. */
  readonly complaints: readonly string[];
  /** A signed request to the HTTP API; `path` is what follows `/apps/ID`. */
  request(
    method: string,
    path: string,
    options?: RequestOptions & { readonly as?: Credentials },
  ): Promise<HttpAnswer>;
  /** `POST /events`; fails unless it is accepted. */
  publish(channel: string, name: string, data?: unknown, more?: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Everything that a test app may be allowed. */
export const OPEN_APP = {
  ...TEST_APP,
  enabled: true,
  enable_client_messages: true,
  enable_user_authentication: true,
  enable_watchlist_events: true,
};

export function testConfig({ config, app, moreApps = [] }: TestServerOptions): Record<string, unknown> {
  return {
    host: '127.0.0.1',
    port: 0,
    shutdown_grace_period: 0,
    rate_limiter: { enabled: false },
    metrics: { enabled: false },
    queue: { driver: 'memory' },
    webhooks: { allow_private_networks: true, batching: { duration: 1 } },
    ...config,
    app_manager: { array: { apps: [{ ...OPEN_APP, ...app }, ...moreApps] } },
  };
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-test-'));
  const loaded = loadSettings({
    config: testConfig(options),
    env: {},
    flags: { 'database.sqlite.path': join(folder, 'sockudo.db') },
    cwd: folder,
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const complaints: string[] = [];
  const { plugins = [] } = options;
  const server = await startServer(loaded.settings, { logger: collectingLogger(complaints), plugins });
  const { host, port } = server.address;
  const request: TestServer['request'] = (method, path, { as = TEST_APP, ...rest } = {}) =>
    signedRequest(`http://${host}:${port}`, as, method, path, rest);
  return {
    host,
    port,
    app: TEST_APP,
    complaints,
    request,
    async publish(channel, name, data = 'x', more = {}) {
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      const { status, text: answer } = await request('POST', '/events', {
        body: { name, channels: [channel], data: text, ...more },
      });
      if (status !== 200) throw new Error(`publish was refused: ${status} ${answer}`);
      return answer;
    },
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function signedRequest(
  origin: string,
  app: Credentials,
  method: string,
  path: string,
  { body, query, headers }: RequestOptions,
): Promise<HttpAnswer> {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(origin + signedPath(app, method, path, text, query), {
    method,
    headers: { ...(text !== '' && { 'content-type': 'application/json' }), ...headers },
    ...(text !== '' && { body: text }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

function collectingLogger(lines: string[]) {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  return pino({ level: 'warn' }, sink);
}

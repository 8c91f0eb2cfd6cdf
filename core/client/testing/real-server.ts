/**
 * A whole Sockudo server in this process with one app that may do everything, and the backend SDK for it. For integration tests.
 * Stores are in memory; 127.0.0.1, port 0.
 */
import { tmpdir } from 'node:os';
import { pino } from 'pino';
import { Sockudo as Backend } from 'sockudo';
import { formatProblem, loadSettings } from '../../server/config/index.ts';
import { startServer } from '../../server/index.ts';

const APP = { id: 'app-id', key: 'app-key', secret: 'app-secret' };

export interface RealServer {
  readonly port: number;
  readonly key: string;
  readonly backend: Backend;
  close(): Promise<void>;
}

/** @param port the port to listen on; 0 for a free one */
export async function startRealServer(port = 0): Promise<RealServer> {
  const loaded = loadSettings({
    config: {
      host: '127.0.0.1',
      port,
      shutdown_grace_period: 1,
      rate_limiter: { enabled: false },
      metrics: { enabled: false },
      queue: { driver: 'memory' },
      history: { backend: 'memory' },
      cache: { driver: 'memory' },
      app_manager: {
        array: {
          apps: [
            {
              ...APP,
              enabled: true,
              enable_client_messages: true,
              enable_user_authentication: true,
              enable_watchlist_events: true,
            },
          ],
        },
      },
    },
    env: {},
    cwd: tmpdir(),
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const server = await startServer(loaded.settings, { logger: pino({ level: 'silent' }) });
  const { key, secret, id: appId } = APP;
  return {
    port: server.address.port,
    key,
    backend: new Backend({
      appId,
      key,
      secret,
      host: '127.0.0.1',
      port: String(server.address.port),
      useTLS: false,
      encryptionMasterKeyBase64: Buffer.alloc(32, 7).toString('base64'),
    }),
    close: () => server.close(),
  };
}

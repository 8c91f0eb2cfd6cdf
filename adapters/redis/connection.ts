// One connection to Redis: opened or refused with a reason, kept alive, and never a queue of its own. A command that cannot be
// sent now fails now: what to do then is the caller's business.
import { Redis } from 'ioredis';
import { type RedisAddress, shownAddress } from './address.ts';
import type { Logger } from './logger.ts';

/** The oldest server whose commands this package is written for. */
const OLDEST_VERSION = [6, 2] as const;
const CONNECT_TIMEOUT_MS = 5000;
const COMMAND_TIMEOUT_MS = 5000;
const MAX_RETRY_MS = 2000;

/**
 * Resolves when commands can be sent. From then on the connection comes back by itself.
 *
 * @param use name of the connection in `CLIENT LIST` and in the log
 * @throws Error with the address, where the first attempt fails or the server is too old
 */
export async function openConnection(address: RedisAddress, use: string, logger: Logger): Promise<Redis> {
  const client = new Redis({
    host: address.host,
    port: address.port,
    db: address.db ?? 0,
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.tls != null && { tls: address.tls }),
    connectionName: `sockudo-${use}`,
    protocol: 2,
    disableClientInfo: true,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(MAX_RETRY_MS, 50 * 2 ** Math.min(attempt, 6)),
  });
  let lastError: Error | null = null;
  client.on('error', (error: Error) => {
    lastError = error;
  });
  try {
    await client.connect();
    await requireVersion(client);
  } catch (error) {
    client.disconnect();
    const cause = lastError ?? error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Redis at ${shownAddress(address)} cannot be used: ${reason}`, { cause });
  }
  client.on('close', () => logger.warn({ use, err: lastError }, 'the connection to Redis is lost'));
  client.on('ready', () => logger.info({ use }, 'the connection to Redis is back'));
  return client;
}

/** Ends the connection; what was sent is answered first, where the server still answers. */
export async function closeConnection(client: Redis): Promise<void> {
  client.removeAllListeners('close');
  if (client.status === 'ready') {
    await client.quit().catch(() => {
      // It went away by itself, which is what was wanted.
    });
  }
  client.disconnect();
}

async function requireVersion(client: Redis): Promise<void> {
  const info = await client.info('server');
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor >= OLDEST_VERSION[1])) return;
  throw new Error(`version ${version} is too old, ${OLDEST_VERSION.join('.')} or newer is needed`);
}

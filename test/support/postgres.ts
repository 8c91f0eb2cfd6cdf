// A PostgreSQL cluster of a test's own: data in a temporary folder, a free port on 127.0.0.1, no system service.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findPostgres } from '../../scripts/databases.ts';

export interface PostgresCluster {
  readonly port: number;
  /** For `pg`: a superuser without a password. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
  readonly url: string;
  /** Ends all server processes at once, as a power failure would; the data stays. */
  kill(): Promise<void>;
  /** A fast shutdown: open transactions are rolled back. */
  stop(): Promise<void>;
  /** Starts the server again on the same data and port. */
  start(): Promise<void>;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
}

const START_ATTEMPTS = 100;

/**
 * Rejects with what to do where there is no PostgreSQL.
 * @param settings of postgresql.conf, by name
 * @param detached it does not get the signals of the terminal
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
  { detached = false } = {},
): Promise<PostgresCluster> {
  const programs = programsFolder();
  const folder = mkdtempSync(join(tmpdir(), 'sockudo-postgres-'));
  const account = serverAccount();
  if (account !== null) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  const options = { cwd: folder, ...account };
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...options, stdio: 'pipe' },
  );
  const port = await freePort();
  let server: ChildProcess | null = null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = server;
    server = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill(signal);
    await exited;
  };
  const launch = async (): Promise<void> => {
    server = spawn(
      join(programs, 'postgres'),
      [
        ...['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'],
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      { ...options, detached, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    await isReady(server);
  };
  /** Refused as long as a child of a killed server has not noticed. */
  const start = async (): Promise<void> => {
    for (let attempt = 1; attempt < START_ATTEMPTS; attempt += 1) {
      try {
        return await launch();
      } catch (error) {
        if (!String(error).includes('shared memory block')) throw error;
      }
    }
    await launch();
  };
  await start();
  return {
    port,
    connection: { host: '127.0.0.1', port, user: 'postgres', database: 'postgres' },
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    // The children notice that their parent is gone and end at once.
    kill: () => end('SIGKILL'),
    stop: () => end('SIGINT'),
    start,
    close: async () => {
      await end('SIGQUIT');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function programsFolder(): string {
  const folder = findPostgres();
  if (folder !== null) return folder;
  throw new Error('no PostgreSQL: run `npm test`, which installs it, or install PostgreSQL 14 or newer');
}

/** The server refuses to run as root; its package made an account for it. */
function serverAccount(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (option: string): number =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('a port was expected');
  return address.port;
}

async function isReady(server: ChildProcess): Promise<void> {
  if (server.stderr === null) throw new Error('the log of the server is read');
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: server.stderr }).on('line', (line) => {
    if (lines.push(line) > 50) lines.shift();
    if (line.includes('database system is ready to accept connections')) ready.resolve();
  });
  server.once('exit', () => ready.reject(new Error(`PostgreSQL ended:\n${lines.join('\n')}`)));
  server.once('error', ready.reject);
  await ready.promise;
}

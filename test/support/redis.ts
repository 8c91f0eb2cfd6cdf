// A Redis of a test's own: a process on a free port with a folder that goes with it. Nothing of it is kept on disk.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findRedis } from '../../scripts/databases.ts';

export interface RedisProcess {
  readonly host: string;
  readonly port: number;
  /** Ends it as a crash would. Everything in it is lost. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * Rejects with what to do where there is no Redis.
 * @param detached it does not get the signals of the terminal
 */
export async function startRedis({ detached = false } = {}): Promise<RedisProcess> {
  const program = redisProgram();
  const folder = await mkdtemp(join(tmpdir(), 'sockudo-redis-'));
  const port = await freePort();
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    const options = [
      '--port',
      String(port),
      '--bind',
      HOST,
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    child = spawn(program, options, { detached, stdio: ['ignore', 'pipe', 'inherit'] });
    await ready(child);
  }

  async function kill(): Promise<void> {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    child = null;
  }

  await start();
  return {
    host: HOST,
    port,
    kill,
    start,
    async close() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function redisProgram(): string {
  const program = findRedis();
  if (program !== null) return program;
  throw new Error('no redis-server: run `npm test`, which installs it, or install Redis 6.2 or newer');
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const output: string[] = [];
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        output.push(line);
        if (line.includes('Ready to accept connections')) resolve();
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${output.join('\n')}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

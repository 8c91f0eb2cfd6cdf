// A server as an operator runs it: a process of its own, started by the command line, that can be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { testConfig } from './test-server.ts';

const BIN = fileURLToPath(new URL('../../core/server/cli/bin.ts', import.meta.url));

export interface ServerProcess {
  readonly host: string;
  readonly port: number;
  readonly databasePath: string;
  /** Ends it without a warning, as a crash or the kernel would; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to drain and stop; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts on a free port with its data in `folder`, where an earlier process may have left some. `config` and `app` are put
 * over the settings of the tests.
 */
export async function startServerProcess(
  folder: string,
  config: Readonly<Record<string, unknown>> = {},
  app: Readonly<Record<string, unknown>> = {},
): Promise<ServerProcess> {
  const databasePath = join(folder, 'sockudo.db');
  const settings = testConfig({ config: { database: { sqlite: { path: databasePath } }, ...config }, app });
  return { ...(await spawnServer(folder, settings)), databasePath };
}

/** As above, with the whole configuration given; written into `folder`, where nothing else may write at the same time. */
export async function spawnServer(
  folder: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<Omit<ServerProcess, 'databasePath'>> {
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify(settings));
  const child = spawn(process.execPath, [BIN, 'serve', '--config', file, '--json'], {
    cwd: folder,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { host, port } = await readyLine(child);
  const exited = once(child, 'exit');
  return {
    host,
    port,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGTERM');
      const [code] = await exited;
      return code;
    },
  };
}

function readyLine(child: ChildProcess): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    const output: string[] = [];
    const keep = (line: string): void => {
      output.push(line);
    };
    if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', keep);
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        keep(line);
        const ready = asReady(line);
        if (ready !== null) resolve(ready);
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${output.join('\n')}`)));
  });
}

function asReady(line: string): { host: string; port: number } | null {
  try {
    const value = JSON.parse(line);
    return value?.event === 'ready' ? { host: value.host, port: value.port } : null;
  } catch {
    // A log line that is no JSON is not the ready line.
    return null;
  }
}

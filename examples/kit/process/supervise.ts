// The parent's side: starts a child process, waits until it is ready, starts it again when it dies, and stops it.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { z } from 'zod';

const RESTART_DELAY_MS = 1000;
/** More deaths than this within the window are no accident. */
const MAX_RESTARTS = 5;
const RESTART_WINDOW_MS = 60_000;
const STOP_TIMEOUT_MS = 8000;

export interface ChildOptions<Ready> {
  /** For messages: `market feed`. */
  readonly example: string;
  /** For messages: `server`. */
  readonly name: string;
  /** Path of the program. */
  readonly program: string;
  readonly cwd: string;
  /** Asked at every start. */
  readonly env: () => NodeJS.ProcessEnv;
  /** Shape of the message with which the child reports that it is ready. */
  readonly ready: z.ZodType<Ready>;
  /** Called at the first start and after every restart. */
  readonly onReady: (ready: Ready) => void;
  /** Called with every other message of the child. */
  readonly onMessage?: ((message: unknown) => void) | undefined;
  /** The child keeps dying and is not started again. */
  readonly onGivenUp: (error: Error) => void;
}

export interface Supervised {
  /** Process id of the running child; undefined between two lives. */
  readonly pid: number | undefined;
  /** Sends a message to the running child. */
  send(message: Readonly<Record<string, unknown>>): void;
  /** Asks the child to stop and waits; kills it when it takes too long. Idempotent. */
  stop(): Promise<void>;
}

/** Resolves when the child is ready for the first time, rejects when it ends before that. */
export async function supervise<Ready>(options: ChildOptions<Ready>): Promise<Supervised> {
  const deaths: number[] = [];
  let child: ChildProcess;
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;

  const start = (onFirstReady?: () => void, onFailed?: (error: Error) => void): void => {
    child = fork(options.program, { cwd: options.cwd, env: options.env() });
    child.on('message', (message) => {
      const parsed = options.ready.safeParse(message);
      if (!parsed.success) {
        options.onMessage?.(message);
        return;
      }
      options.onReady(parsed.data);
      onFirstReady?.();
      onFailed = undefined;
    });
    child.on('exit', (code, signal) => {
      if (isStopping) return;
      const error = new Error(`the ${options.name} process ended (${signal ?? `exit code ${code}`})`);
      if (onFailed !== undefined) onFailed(error);
      else restart(error);
    });
  };

  const restart = (error: Error): void => {
    const now = Date.now();
    deaths.push(now);
    if (deaths.filter((at) => now - at < RESTART_WINDOW_MS).length > MAX_RESTARTS) {
      options.onGivenUp(error);
      return;
    }
    console.error(`${options.example}: ${error.message}; starting it again`);
    timer = setTimeout(start, RESTART_DELAY_MS);
  };

  await new Promise<void>((resolve, reject) => start(resolve, reject));
  return {
    get pid() {
      return isAlive(child) ? child.pid : undefined;
    },
    send(message) {
      if (child.connected) child.send(message);
    },
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      if (!isAlive(child)) return;
      const gone = once(child, 'exit');
      const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      if (child.connected) child.disconnect();
      await gone;
      clearTimeout(deadline);
    },
  };
}

const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

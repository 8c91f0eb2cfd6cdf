// Starts the server under measurement, asks it for its own accounting, and stops it.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Usage {
  readonly userUs: number;
  readonly systemUs: number;
  readonly rssBytes: number;
}

/** Browsers that are registered and subscribed before the server says that it is ready. */
export interface PushSeed {
  readonly devices: number;
  readonly channel: string;
  /** Of the fake push service. */
  readonly origin: string;
  readonly p256dh: string;
  readonly auth: string;
}

export type SubjectKind = 'server' | 'floor' | 'push';

export interface SubjectOptions {
  /** Channels `ai-…` are sessions. */
  readonly withAi?: boolean | undefined;
  /** Folder for a processor profile. */
  readonly profileTo?: string | undefined;
  /** For `push`. */
  readonly seed?: PushSeed | undefined;
}

export class Subject {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  /** `floor`: the bare server that ours is held against. `push`: ours with push and its devices. */
  static async start(
    kind: SubjectKind = 'server',
    { withAi = false, profileTo, seed }: SubjectOptions = {},
  ): Promise<Subject> {
    const path = fileURLToPath(new URL(`./${kind}-process.ts`, import.meta.url));
    const profile = profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`];
    const given = seed === undefined ? [] : [JSON.stringify(seed)];
    const child = fork(path, withAi ? ['ai'] : given, { execArgv: ['--expose-gc', ...profile] });
    const died = once(child, 'exit').then(([code]) => {
      throw new Error(`the server exited with ${code} before it listened`);
    });
    const [ready] = await Promise.race([once(child, 'message'), died]);
    return new Subject(child, Number(ready.port));
  }

  async usage(): Promise<Usage> {
    this.#process.send('usage');
    const [usage] = await once(this.#process, 'message');
    return usage;
  }

  /** Resident memory after a garbage collection. */
  async settledRssBytes(): Promise<number> {
    this.#process.send('collect');
    await once(this.#process, 'message');
    return (await this.usage()).rssBytes;
  }

  async stop(): Promise<void> {
    this.#process.disconnect();
    await once(this.#process, 'exit');
  }
}

/** Microseconds of processor time between two readings. */
export function cpuUs(before: Usage, after: Usage): { total: number; user: number; system: number } {
  const user = after.userUs - before.userUs;
  const system = after.systemUs - before.systemUs;
  return { total: user + system, user, system };
}

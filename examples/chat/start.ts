// Starts the chat: the page is built, then the realtime server, the backend, a worker and, without a model of your own, the stand-in.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  type ExampleOptions,
  type RunningExample as KitExample,
  startExample as start,
} from '@sockudo/example-kit';
import { hasModel, type Supervised, startStandIn, supervise } from '@sockudo/example-kit/process';
import { LOCAL_MODEL } from '@sockudo/local-model';
import { z } from 'zod';
import { vapidKey } from './vapid-key.ts';

export interface RunningExample extends KitExample {
  readonly worker: Pick<Supervised, 'pid'>;
}

type Stoppable = Pick<Supervised, 'stop'>;

const NAME = 'chat';
const workerReady = z.object({ worker: z.string() });

export async function startExample(options: ExampleOptions): Promise<RunningExample> {
  const page = join(options.cwd, '.sockudo', 'chat-page');
  const started: Stoppable[] = [];
  /** Workers first: they give back what they have while the server is there. */
  const close = async (): Promise<void> => {
    for (const one of started.toReversed()) await one.stop();
  };
  try {
    const [model, key] = await Promise.all([
      hasModel(options.env) ? null : startModel(options),
      vapidKey(options.cwd, options.env),
      buildPage(page, options.env),
    ]);
    if (model !== null) started.push(model.process);
    const env = { ...options.env, ...key, CHAT_PAGE: page, ...(model?.env() ?? modelIn(options.env)) };
    const example = await start(
      { name: NAME, server: program('./server/main.ts'), backend: program('./backend/main.ts') },
      { ...options, env },
    );
    started.push({ stop: () => example.close() });
    const worker = await startWorker({ ...options, env }, example.apiUrl);
    started.push(worker);
    return { ...example, worker, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const noop = (): void => {};

function startWorker({ cwd, env, onGivenUp = noop }: ExampleOptions, address: string): Promise<Supervised> {
  return supervise({
    example: NAME,
    name: 'worker',
    program: program('./worker/main.ts'),
    cwd,
    env: () => ({ ...env, SOCKUDO_URL: address }),
    ready: workerReady,
    onReady: noop,
    onGivenUp,
  });
}

/** @throws Error where an address or a key is given, and nobody says of which model */
function modelIn({ MODEL, OPENAI_MODEL = MODEL }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (OPENAI_MODEL === undefined) throw new Error('MODEL is missing: the name of the model to ask');
  return { MODEL: MODEL ?? OPENAI_MODEL };
}

const startModel = (options: ExampleOptions) =>
  startStandIn({ ...options, example: NAME, program: program('./model/main.ts'), model: LOCAL_MODEL });

/** In a process of its own: what Vite needs in memory is given back. */
async function buildPage(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { CHAT_PAGE_MODE: mode = 'production' } = env;
  const vite = fileURLToPath(new URL('./bin/vite.js', import.meta.resolve('vite/package.json')));
  const build = (source: string, ...more: string[]) =>
    promisify(execFile)(
      process.execPath,
      [vite, 'build', source, '--outDir', folder, '--logLevel', 'warn', ...more],
      { env: { ...env, NODE_ENV: mode } },
    );
  await build(program('./page/'), '--emptyOutDir');
  await build(program('./page/push-worker/'), '--emptyOutDir=false');
}

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

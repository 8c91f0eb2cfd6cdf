// Starts the example: the realtime server with the page, the backend, two workers, and, without a model of your own, the stand-in.
import { fileURLToPath } from 'node:url';
import {
  type ExampleOptions,
  type RunningExample as KitExample,
  startExample as start,
} from '@sockudo/example-kit';
import { hasModel, type Supervised, startStandIn, supervise } from '@sockudo/example-kit/process';
import { LOCAL_MODEL } from '@sockudo/local-model';
import { z } from 'zod';

export interface RunningExample extends KitExample {
  readonly workers: readonly Pick<Supervised, 'pid'>[];
  /** Null: the model is somebody else's. */
  readonly model: Pick<Supervised, 'pid'> | null;
}

const NAME = 'background agent';
const WORKERS = ['worker-1', 'worker-2'];
const workerReady = z.object({ worker: z.string() });
const killRequest = z.object({ kill: z.string() });

export async function startExample(options: ExampleOptions): Promise<RunningExample> {
  const model = hasModel(options.env) ? null : await startModel(options);
  const crew: Stoppable[] = [];
  /** What is stopped together, in the order of its start. */
  const started: Stoppable[][] = model === null ? [] : [[model.process]];
  try {
    const workers = new Map<string, Worker>();
    const env = { ...options.env, DOCUMENTS_ROOT: documentsRoot(options.env), ...model?.env() };
    const example = await start(
      {
        name: NAME,
        server: program('./server/main.ts'),
        backend: program('./backend/main.ts'),
        onBackendMessage: (message) => killWorker(message, workers),
      },
      { ...options, env },
    );
    started.push([{ stop: () => example.close() }], crew);
    for (const name of WORKERS) {
      const worker: Worker = { id: null, process: null };
      workers.set(name, worker);
      worker.process = await startWorker(name, worker, { ...options, env }, example.apiUrl);
      crew.push(worker.process);
    }
    return {
      ...example,
      workers: [...workers.values()].flatMap(({ process }) => process ?? []),
      model: model?.process ?? null,
      close: () => stopAll(started),
    };
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}

type Stoppable = Pick<Supervised, 'stop'>;

interface Worker {
  /** As runs name it; another one after every restart. */
  id: string | null;
  process: Supervised | null;
}

const noop = (): void => {};

function startWorker(
  name: string,
  worker: Worker,
  { cwd, env, onGivenUp = noop }: ExampleOptions,
  address: string,
): Promise<Supervised> {
  return supervise({
    example: NAME,
    name,
    program: program('./worker/main.ts'),
    cwd,
    env: () => ({ ...env, SOCKUDO_URL: address, WORKER_NAME: name }),
    ready: workerReady,
    onReady: ({ worker: id }) => {
      worker.id = id;
    },
    onGivenUp,
  });
}

/** Without a warning, as a machine dies. */
function killWorker(message: unknown, workers: ReadonlyMap<string, Worker>): void {
  const { data } = killRequest.safeParse(message);
  const pid = [...workers.values()].find(({ id }) => id !== null && id === data?.kill)?.process?.pid;
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

const startModel = (options: ExampleOptions) =>
  startStandIn({ ...options, example: NAME, program: program('./model/main.ts'), model: LOCAL_MODEL });

const documentsRoot = (env: NodeJS.ProcessEnv): string =>
  env.DOCUMENTS_ROOT ?? fileURLToPath(new URL('../../', import.meta.url));

/** Workers first: they give back what they have while the server is there. */
async function stopAll(started: readonly (readonly Stoppable[])[]): Promise<void> {
  for (const group of started.toReversed()) await Promise.all(group.map((one) => one.stop()));
}

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// The stand-in for a language model of an example, where no model of one's own is named.
import { z } from 'zod';
import { type Supervised, supervise } from './supervise.ts';

export interface StandInOptions {
  /** Name of the example, for messages. */
  readonly example: string;
  /** Reports `{port}`; gets `MODEL_PORT`. */
  readonly program: string;
  /** What the model is called. */
  readonly model: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onGivenUp?: ((error: Error) => void) | undefined;
}

export interface StandIn {
  readonly process: Supervised;
  /** What tells programs to ask it. */
  env(): NodeJS.ProcessEnv;
}

const modelReady = z.object({ port: z.number() });

/** A model is named: there is no need of a stand-in. */
export const hasModel = (env: NodeJS.ProcessEnv): boolean =>
  env.OPENAI_BASE_URL !== undefined || env.OPENAI_API_KEY !== undefined;

/** On the address it had, when it has to be started again. */
export async function startStandIn({
  example,
  program,
  model,
  cwd,
  env,
  onGivenUp = () => {},
}: StandInOptions): Promise<StandIn> {
  let port = 0;
  const process = await supervise({
    example,
    name: 'model',
    program,
    cwd,
    env: () => ({ ...env, MODEL_PORT: String(port) }),
    ready: modelReady,
    onReady: (ready) => {
      port = ready.port;
    },
    onGivenUp,
  });
  return {
    process,
    env: () => ({
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      OPENAI_API_KEY: 'none',
      OPENAI_MODEL: model,
      MODEL: model,
      MODEL_IS_STAND_IN: 'true',
    }),
  };
}

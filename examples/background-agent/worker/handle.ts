// From a run that was taken to the job that it asks for.
import type { RunHandler } from '@sockudo/ai-transport/agent';
import type { Sockudo } from 'sockudo';
import type { Documents } from './documents.ts';
import { summariseFolder } from './job.ts';
import type { Model } from './model.ts';
import { readRun } from './run-so-far.ts';

export interface HandlerParts {
  readonly sockudo: Sockudo;
  readonly documents: Documents;
  readonly model: Model;
}

export const handleRun =
  ({ sockudo, documents, model }: HandlerParts): RunHandler =>
  async (run, { record: { runId, generation, input }, workerId }) => {
    // What a backend starts without an input names no folder, and the job says so.
    const soFar = await readRun(sockudo, run.channel, { runId, inputSerial: input?.serial ?? 0 });
    await summariseFolder({ run, documents, model, soFar, attempt: { worker: workerId, generation } });
  };

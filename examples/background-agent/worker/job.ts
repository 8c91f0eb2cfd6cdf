// The job: reads the documents of a folder one after the other, has the model summarise each, then all of them together. Each document
// is a step; what an earlier attempt has finished is not done again. Must not know: leases, retries, the channel.
import type { Run } from '@sockudo/ai-transport/agent';
import { z } from 'zod';
import {
  ATTEMPT_OUTPUT,
  type Attempt,
  attemptStep,
  documentStep,
  MAX_DOCUMENTS,
  OVERALL_STEP,
  PLAN_OUTPUT,
  PLAN_STEP,
  type Plan,
  type PlannedDocument,
  type ReadResult,
  TOOL_RESULT_OUTPUT,
} from '../shared/job.ts';
import { type Documents, DocumentsError } from './documents.ts';
import { failureOf } from './failures.ts';
import { type Model, ModelError } from './model.ts';
import type { RunSoFar } from './run-so-far.ts';

const requestJson = z.object({
  folder: z.string().trim().min(1).max(200),
  documents: z.number().int().min(1).max(MAX_DOCUMENTS).default(MAX_DOCUMENTS),
});
const planJson = z.object({
  folder: z.string(),
  documents: z.array(z.object({ path: z.string(), bytes: z.number() })),
});
const readArguments = z.object({ path: z.string() });

export interface JobParts {
  readonly run: Pick<Run, 'runId' | 'signal' | 'step' | 'pipe' | 'output'>;
  readonly documents: Documents;
  readonly model: Model;
  readonly soFar: RunSoFar;
  readonly attempt: Pick<Attempt, 'worker' | 'generation'>;
}

/** Throws FatalRunError for what no further attempt can help, and whatever the run throws. */
export async function summariseFolder(parts: JobParts): Promise<void> {
  try {
    await tellAttempt(parts);
    const { documents } = await planOf(parts);
    const summaries: string[] = [];
    for (const [index, document] of documents.entries()) {
      const id = documentStep(index);
      const text = await step(parts, id, () => summariseOne(parts, id, document));
      summaries.push(`## ${document.path}\n\n${text}`);
    }
    await step(parts, OVERALL_STEP, () => conclude(parts, summaries));
  } catch (error) {
    throw failureOf(error);
  }
}

/** The text of a step: written now, or by an attempt before this one. */
function step({ run, soFar }: JobParts, id: string, write: () => Promise<string>): Promise<string> {
  const text = soFar.steps.get(id)?.get('text-end');
  return text === undefined ? run.step(id, write) : Promise.resolve(text);
}

/** Written down, so that everybody can say later who did what. */
async function tellAttempt({ run, soFar, attempt }: JobParts): Promise<void> {
  const told: Attempt = { ...attempt, replaces: soFar.lastWorker, again: soFar.openStep };
  const id = attemptStep(attempt.generation);
  await run.step(id, () => run.output(ATTEMPT_OUTPUT, told, { codecMessageId: messageId(run.runId, id) }));
}

async function planOf({ run, documents, soFar }: JobParts): Promise<Plan> {
  const known = soFar.steps.get(PLAN_STEP)?.get(PLAN_OUTPUT);
  if (known !== undefined) return planJson.parse(JSON.parse(known));
  return run.step(PLAN_STEP, async () => {
    const { folder, documents: limit } = requestOf(soFar.request);
    const plan: Plan = { folder, documents: await documents.list(folder, limit) };
    await run.output(PLAN_OUTPUT, plan, { codecMessageId: messageId(run.runId, PLAN_STEP) });
    return plan;
  });
}

/** One round with the model: it calls the tool, the tool reads, it writes. */
async function summariseOne(
  { run, documents, model }: JobParts,
  id: string,
  { path }: PlannedDocument,
): Promise<string> {
  const codecMessageId = messageId(run.runId, id);
  const call = await model.askToRead(path, run.signal);
  const codec = { 'tool-call-id': call.id, 'tool-name': call.name };
  const input = await run.pipe(call.arguments, { kind: 'tool-input', codecMessageId, codec });
  run.signal.throwIfAborted();
  const text = await documents.read(pathIn(input.text));
  const result: ReadResult = { path, characters: text.length };
  await run.output(TOOL_RESULT_OUTPUT, result, { codecMessageId, role: 'tool', codec });
  const read = { path, text, callId: call.id, callArguments: input.text };
  const summary = await run.pipe(model.summarise(read, run.signal), { codecMessageId });
  run.signal.throwIfAborted();
  return summary.text;
}

async function conclude({ run, model }: JobParts, summaries: readonly string[]): Promise<string> {
  const codecMessageId = messageId(run.runId, OVERALL_STEP);
  const { text } = await run.pipe(model.conclude(summaries, run.signal), { codecMessageId });
  run.signal.throwIfAborted();
  return text;
}

/** One message of the conversation for each step. */
const messageId = (runId: string, id: string): string => `${runId}:${id}`;

function requestOf(data: unknown) {
  const parsed = requestJson.safeParse(parsedJson(data));
  if (parsed.success) return parsed.data;
  throw new DocumentsError('unknown_folder', 'The job names no folder.');
}

function pathIn(text: string): string {
  const parsed = readArguments.safeParse(parsedJson(text));
  if (parsed.success) return parsed.data.path;
  throw new ModelError('The model called the tool without the path of a document.');
}

function parsedJson(data: unknown): unknown {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

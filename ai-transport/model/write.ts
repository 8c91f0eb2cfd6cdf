/** From a model's events to a message of a run, as they come. Must not know: any provider. */
import type { Run } from '../agent/run.ts';
import { Collector, type ModelResult } from './collector.ts';
import { ModelError } from './errors.ts';
import { EventReader } from './event-reader.ts';
import type { ModelEvent } from './events.ts';
import { MessageWriter } from './message-writer.ts';
import { usageWording } from './wording.ts';

export interface WriteModelOptions {
  /** Message of the conversation. Default: the run's answer. */
  readonly codecMessageId?: string | undefined;
  /** Further calls of the model follow in the same message: the end of this one is no end of the message. */
  readonly isStep?: boolean | undefined;
}

/** What it needs of a run. */
export type ModelRun = Pick<Run, 'pipe' | 'output' | 'signal' | 'isCancelled'>;

/**
 * Writes the events of one call of a model into one message of the run. Text, reasoning and inputs of tools stream; usage and the reason
 * of the end are written last. Resolves when all is stored. A cancel of the run lets go of the events at once, and resolves with what
 * had come.
 * @throws ModelError what the events throw: the text that had come stays in the message. AgentError: it could not be written
 */
export async function writeModel(
  run: ModelRun,
  events: AsyncIterable<ModelEvent>,
  { codecMessageId, isStep = false }: WriteModelOptions = {},
): Promise<ModelResult> {
  const reader = new EventReader(events);
  const collector = new Collector();
  let failure: { readonly error: unknown } | null = null;
  const writer = new MessageWriter(run, codecMessageId, (error) => {
    failure = { error };
    reader.release();
  });
  const release = (): void => reader.release();
  if (run.signal.aborted) release();
  run.signal.addEventListener('abort', release);
  try {
    const outcome = await copy(reader, collector, writer);
    if (outcome === 'end' && failure === null) {
      await writer.finish(isStep ? 'finish-step' : 'finish', collector);
      if (failure === null) return collector.result('complete');
    }
    return await stopped(run, collector, writer, failure);
  } catch (error) {
    return await failed(run, collector, writer, error);
  } finally {
    reader.release();
    run.signal.removeEventListener('abort', release);
  }
}

type Failure = { readonly error: unknown } | null;

async function copy(
  reader: EventReader,
  collector: Collector,
  writer: MessageWriter,
): Promise<'end' | 'given up'> {
  for (;;) {
    const event = await reader.next().catch((error: unknown) => {
      throw modelError(error);
    });
    if (event === 'end' || event === 'given up') return event;
    collector.add(event);
    await writer.write(event);
  }
}

/** The run was cancelled, ended or lost, or a piece could not be written. */
async function stopped(
  run: ModelRun,
  collector: Collector,
  writer: MessageWriter,
  failure: Failure,
): Promise<ModelResult> {
  const error = failure?.error ?? (run.isCancelled ? null : run.signal.aborted ? run.signal.reason : null);
  if (error !== null) throw error;
  await writer.stop();
  if (!run.isCancelled) return collector.result('cancelled');
  await sayUsage(collector, writer);
  await writer.say({ type: 'abort', data: { type: 'abort' }, codec: {} });
  return collector.result('cancelled');
}

async function failed(
  run: ModelRun,
  collector: Collector,
  writer: MessageWriter,
  error: unknown,
): Promise<ModelResult> {
  // What the provider throws because it was let go of is no failure.
  if (run.isCancelled && error instanceof ModelError) return stopped(run, collector, writer, null);
  await writer.fail(error);
  if (error instanceof ModelError) await sayUsage(collector, writer).catch(() => {});
  throw error;
}

async function sayUsage({ usage }: Collector, writer: MessageWriter): Promise<void> {
  if (usage !== undefined) await writer.say(usageWording(usage));
}

function modelError(error: unknown): ModelError {
  if (error instanceof ModelError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ModelError('provider_error', message, { cause: error });
}

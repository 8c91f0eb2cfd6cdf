// What the channel says about a run: what is asked for, and what earlier attempts have finished, so that whoever takes the run over
// repeats no step that is done.
import { type Lifecycle, lifecycleOf, type WireHeaders } from '@sockudo/ai-transport/wire';
import type { HistoryItem } from '@sockudo/protocol';
import type { Sockudo } from 'sockudo';
import { z } from 'zod';
import { ATTEMPT_OUTPUT } from '../shared/job.ts';

/** Outputs of a finished step: by codec type (`text-end`, `data-plan`), the last of each. */
export type StepOutputs = ReadonlyMap<string, string>;

export interface RunSoFar {
  /** Data of its input; null: it is not kept any more. */
  readonly request: string | null;
  /** Finished steps. */
  readonly steps: ReadonlyMap<string, StepOutputs>;
  /** Worker of the attempt before; null: there was none. */
  readonly lastWorker: string | null;
  /** Step that it had begun and not finished; null without one. */
  readonly openStep: string | null;
}

const attemptJson = z.object({ worker: z.string() });

/** @param inputSerial delivery serial of the run's input: nothing of the run is older */
export async function readRun(
  sockudo: Pick<Sockudo, 'channelHistory'>,
  channel: string,
  { runId, inputSerial }: { readonly runId: string; readonly inputSerial: number },
): Promise<RunSoFar> {
  const log = new StepLog();
  const params = { direction: 'oldest_first', start_serial: inputSerial } as const;
  for await (const row of await sockudo.channelHistory(channel, params)) {
    const event = eventOf(row);
    if (event?.lifecycle.runId === runId) log.add(event);
  }
  return log.soFar();
}

interface StepEvent {
  readonly lifecycle: Lifecycle;
  readonly serial: string;
  readonly type: string;
  readonly text: string;
}

interface StepAttempt {
  readonly serial: string;
  readonly outputs: Map<string, string>;
  isFinished: boolean;
}

/** Only the last attempt at each step counts. */
class StepLog {
  readonly #attempts = new Map<string, StepAttempt>();
  #lastWorker: string | null = null;
  #request: string | null = null;
  #openStep: string | null = null;

  add({ lifecycle, serial, type, text }: StepEvent): void {
    const { kind, stepId, stepStartSerial, stepReason } = lifecycle;
    if (kind === 'input') this.#request ??= text;
    // Each attempt begins with one: what is open then was left behind by the attempt before.
    if (kind === 'run-start') this.#openStep = this.#lastOpen();
    if (stepId === undefined) return;
    if (kind === 'step-start') {
      // Begun again, it is the last in the order, too.
      this.#attempts.delete(stepId);
      this.#attempts.set(stepId, { serial, outputs: new Map(), isFinished: false });
    }
    const attempt = this.#attempts.get(stepId);
    if (attempt === undefined) return;
    if (kind === 'output' && attempt.serial === stepStartSerial) this.#addOutput(attempt, type, text);
    if (kind === 'step-end') attempt.isFinished = stepReason === 'complete';
  }

  soFar(): RunSoFar {
    const finished = [...this.#attempts].filter(([, { isFinished }]) => isFinished);
    return {
      request: this.#request,
      steps: new Map(finished.map(([id, { outputs }]) => [id, outputs])),
      lastWorker: this.#lastWorker,
      openStep: this.#openStep,
    };
  }

  #lastOpen(): string | null {
    return [...this.#attempts].findLast(([, { isFinished }]) => !isFinished)?.[0] ?? null;
  }

  #addOutput({ outputs }: StepAttempt, type: string, text: string): void {
    outputs.set(type, text);
    if (type === ATTEMPT_OUTPUT) this.#lastWorker = attemptJson.parse(JSON.parse(text)).worker;
  }
}

/** Null: it is none of AI Transport. */
function eventOf({ message, serial }: HistoryItem): StepEvent | null {
  if (!('message_serial' in message)) return null;
  // CAST: the server lets nothing else through.
  const ai = message.extras?.ai as { transport?: WireHeaders; codec?: WireHeaders } | undefined;
  const lifecycle = lifecycleOf(message.name ?? '', ai?.transport);
  if (lifecycle === null) return null;
  // A browser's object is shown as one.
  const data: unknown = message.data ?? '';
  return {
    lifecycle,
    serial: String(serial),
    type: ai?.codec?.type ?? '',
    text: typeof data === 'string' ? data : JSON.stringify(data),
  };
}

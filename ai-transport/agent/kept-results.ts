/** What steps of earlier attempts had come to, from the channel. Must not know: what the steps do. */
import type { HistoryItem } from '@sockudo/protocol';
import { lifecycleOf } from '../wire/index.ts';
import { eventNameOf, objectIn, transportOf } from './news.ts';

/** Member of a step end's data. */
const RESULT = 'result';

/** Data of the end of a step whose result is kept. */
export const keptText = (result: unknown): string => JSON.stringify({ [RESULT]: result ?? null });

/** Results by step id. */
export class KeptResults {
  readonly #runId: string;
  readonly #results = new Map<string, unknown>();

  constructor(runId: string) {
    this.#runId = runId;
  }

  has(stepId: string): boolean {
    return this.#results.has(stepId);
  }

  get(stepId: string): unknown {
    return this.#results.get(stepId);
  }

  /** Rows of the channel, oldest first. A step that was begun anew has no result until it ends. */
  add({ message }: Pick<HistoryItem, 'message'>): void {
    const lifecycle = lifecycleOf(eventNameOf(message), transportOf({ extras: message.extras }));
    if (lifecycle === null || lifecycle.runId !== this.#runId || lifecycle.stepId === undefined) return;
    if (lifecycle.kind === 'step-start') this.#results.delete(lifecycle.stepId);
    if (lifecycle.kind !== 'step-end' || lifecycle.stepReason !== 'complete') return;
    const data = objectIn(message.data);
    if (RESULT in data) this.#results.set(lifecycle.stepId, data[RESULT]);
  }
}

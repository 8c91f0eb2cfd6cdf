// A claim on a run as text, `RUNID:GENERATION`: what a worker sends along with everything it publishes for the run.
import { fenceError, isTerminal, type RunRecord } from '@sockudo/ai-transport/wire';
import { httpError, type ProtocolError } from '@sockudo/protocol';

export interface Fence {
  readonly runId: string;
  readonly generation: number;
}

export const fenceText = ({ runId, generation }: Pick<RunRecord, 'runId' | 'generation'>): string =>
  `${runId}:${generation}`;

/** Null: no fence. The id of a run may hold colons. */
export function parseFence(text: string): Fence | null {
  const colon = text.lastIndexOf(':');
  const digits = text.slice(colon + 1);
  if (colon < 1 || !/^[1-9]\d{0,14}$/.test(digits)) return null;
  return { runId: text.slice(0, colon), generation: Number(digits) };
}

/** @throws ProtocolError 400 `invalid_input` */
export function requireFence(text: string): Fence {
  const fence = parseFence(text);
  if (fence === null) throw httpError('invalid_input', "fence must be 'RUNID:GENERATION'");
  return fence;
}

/** @throws ProtocolError 409 `fenced` unless this claim is the run's newest and still held */
export function requireHeld(run: RunRecord | null, fence: Fence): void {
  if (run === null || isTerminal(run.status) || fenceError(run, fence.generation) !== null)
    throw fenced(fence.runId);
}

export const fenced = (runId: string): ProtocolError =>
  httpError('fenced', `The claim on run '${runId}' is not held any more`);

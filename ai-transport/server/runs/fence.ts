// A claim on a run as text, `RUNID:GENERATION`: what a worker sends along with everything it publishes for the run.
import type { RunJson, RunRecord } from '@sockudo/ai-transport/wire';
import { httpError, type ProtocolError } from '@sockudo/protocol';
import type { ChannelRecord } from '@sockudo/server/ports';

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
export function requireHeld(record: ChannelRecord | null, fence: Fence): void {
  if (record === null || heldGeneration(record) !== fence.generation) throw fenced(fence.runId);
}

/**
 * The claim that a run is under; null: under none. Looks at two members of what the server itself has stored: this is asked for every
 * append where several nodes share the log, and reading the whole run costs five times as much.
 */
function heldGeneration({ value, state }: ChannelRecord): number | null {
  if (state !== 'running') return null;
  // CAST: what contentOf wrote.
  const { generation, lease } = JSON.parse(value) as RunJson;
  return lease === undefined ? null : generation;
}

export const fenced = (runId: string): ProtocolError =>
  httpError('fenced', `The claim on run '${runId}' is not held any more`);

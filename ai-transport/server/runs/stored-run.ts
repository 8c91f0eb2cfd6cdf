// A run as a record of its channel: what its state is called and when somebody has to look at it again.
import { decodeRun, encodeRun, isTerminal, type RunRecord, runToJson } from '@sockudo/ai-transport/wire';
import type { ChannelRecord, RecordContent } from '@sockudo/server/ports';

/** The kind of record that runs are. Its state is the run's status. */
export const RUN_KIND = 'run';

/** How long a run that has ended can still be asked for. */
export const ENDED_RUN_KEPT_MS = 24 * 60 * 60 * 1000;

/** A run as it is stored. */
export interface StoredRun {
  readonly run: RunRecord;
  /** Counts the runs of the channel from 1. */
  readonly ordinal: number;
  /** Place in the queue, of a queued run: smaller is sooner, and none is taken before this time, milliseconds since 1970. */
  readonly queuedAtMs?: number;
}

/** Null for what is no run, which only another version of this server could have written. */
export function storedRunOf({ value, ordinal, dueAtMs }: ChannelRecord): StoredRun | null {
  const run = decodeRun(value);
  if (run === null) return null;
  return { run, ordinal, ...(run.status === 'queued' && dueAtMs !== undefined && { queuedAtMs: dueAtMs }) };
}

export const runOf = (record: ChannelRecord | null): RunRecord | null =>
  record === null ? null : decodeRun(record.value);

/** When to store a run's next look. */
export interface DuePolicy {
  /** Silence after which a run without a worker's lease is given up. */
  readonly orphanTtlMs: number;
}

/**
 * What is stored of a run.
 * @param before the record that this replaces: a run that goes on waiting keeps its place
 * @param queuedAtMs its place in the queue, where it has to be another one
 */
export function contentOf(
  run: RunRecord,
  before: ChannelRecord | null,
  policy: DuePolicy,
  queuedAtMs?: number,
): RecordContent {
  const dueAtMs = dueOf(run, before, policy, queuedAtMs);
  return { value: encodeRun(run), state: run.status, ...(dueAtMs !== undefined && { dueAtMs }) };
}

function dueOf(
  run: RunRecord,
  before: ChannelRecord | null,
  { orphanTtlMs }: DuePolicy,
  queuedAtMs: number | undefined,
): number | undefined {
  if (isTerminal(run.status)) return run.updatedAtMs + ENDED_RUN_KEPT_MS;
  if (run.status === 'running') return run.lease?.expiresAtMs ?? run.updatedAtMs + orphanTtlMs;
  if (run.status === 'suspended') return undefined;
  if (queuedAtMs !== undefined) return queuedAtMs;
  if (before?.state === 'queued') return before.dueAtMs ?? run.createdAtMs;
  // What its worker lost comes before what has not been tried yet; what was suspended is like a new one.
  return before?.state === 'running' ? run.createdAtMs : run.updatedAtMs;
}

/** A run in answers and frames: RunJson, and `queued_at_ms` while it waits. */
export function runJsonOf({ run, queuedAtMs }: Pick<StoredRun, 'run' | 'queuedAtMs'>): object {
  return { ...runToJson(run), ...(queuedAtMs !== undefined && { queued_at_ms: queuedAtMs }) };
}

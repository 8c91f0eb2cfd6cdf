/**
 * The state of a run as the server keeps it and as workers and clients read it: its shape and its JSON.
 * Must not know: what changes it (run-transitions.ts), where it is stored.
 */
// The small zod: the other one tries `new Function`, which pages with a content security policy report as a violation.
import * as z from 'zod/mini';
import { RUN_RECORD_MAX_BYTES } from './limits.ts';
import { exceedsBytes, utf8Length } from './text.ts';

export const RUN_STATUSES = [
  'queued',
  'running',
  'suspended',
  'complete',
  'cancelled',
  'error',
  'lost',
] as const;

/**
 * `queued` waits for a worker; `running`; `suspended` waits for a person or a tool; then how it ended. `lost`: its workers died, or
 * its agent fell silent, and nobody will try again.
 */
export type RunStatus = (typeof RUN_STATUSES)[number];

const TERMINAL: ReadonlySet<RunStatus> = new Set(['complete', 'cancelled', 'error', 'lost']);

/** No event changes such a run any more. */
export const isTerminal = (status: RunStatus): boolean => TERMINAL.has(status);

/** An input that a run serves, or that waits inside one. */
export interface RunInput {
  /** Delivery serial of its `ai-input`. */
  readonly serial: number;
  readonly messageSerial?: string;
  readonly eventId?: string;
  readonly codecMessageId?: string;
  /** Its author, as verified or as a trusted publisher said. */
  readonly clientId?: string;
  readonly invocationId?: string;
}

export interface RunLease {
  readonly workerId: string;
  /** After this moment, milliseconds since 1970, another worker may have the run. */
  readonly expiresAtMs: number;
}

export interface RunError {
  /** `lease_expired`, `orphan_timeout`, or what the agent said. */
  readonly code: string;
  /** For people; at most 256 bytes. */
  readonly message?: string;
}

/** Absent member: not known, or not the case. */
export interface RunRecord {
  readonly runId: string;
  readonly status: RunStatus;
  /** Owner: the `run-client-id` of its start, before that of its input. */
  readonly clientId?: string;
  /** Invocation under way or, when none is, the last one. */
  readonly invocationId?: string;
  /** 0 before the first claim; each claim adds 1. Only the newest generation may change the run. */
  readonly generation: number;
  /** Claims that served the present input. */
  readonly attempt: number;
  /** Worker that has the run. A running run without one belongs to an agent that never claims. */
  readonly lease?: RunLease;
  /** Input that is served; absent when a backend started the run by itself. */
  readonly input?: RunInput;
  /** Inputs that came while the run was busy and that it has not taken up, oldest first; at most 16. */
  readonly followUps: readonly RunInput[];
  readonly parent?: string;
  readonly forkOf?: string;
  readonly regenerates?: string;
  /** Somebody asked a running run to stop; its worker ends it. */
  readonly cancelRequested: boolean;
  readonly error?: RunError;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Delivery serial of its first `ai-run-start`. */
  readonly startedSerial?: number;
  /** Delivery serial of the event that ended it. */
  readonly endedSerial?: number;
  /** Delivery serial of the last event that changed it; 0 when that had none. */
  readonly serial: number;
  /** Id of the step under way. */
  readonly step?: string;
}

/** A run that nothing has happened to yet. */
export const newRun = (runId: string, nowMs: number): RunRecord => ({
  runId,
  status: 'queued',
  generation: 0,
  attempt: 0,
  followUps: [],
  cancelRequested: false,
  createdAtMs: nowMs,
  updatedAtMs: nowMs,
  serial: 0,
});

const id = z.string().check(z.minLength(1));
const count = z.int().check(z.nonnegative());
const optionalId = z.optional(id);

const inputJson = z.object({
  serial: count,
  message_serial: optionalId,
  event_id: optionalId,
  codec_message_id: optionalId,
  client_id: optionalId,
  invocation_id: optionalId,
});

const runJson = z.object({
  run_id: id,
  status: z.enum(RUN_STATUSES),
  client_id: optionalId,
  invocation_id: optionalId,
  generation: count,
  attempt: count,
  lease: z.optional(z.object({ worker_id: z.string(), expires_at_ms: count })),
  input: z.optional(inputJson),
  follow_ups: z._default(z.array(inputJson), []),
  parent: optionalId,
  fork_of: optionalId,
  regenerates: optionalId,
  cancel_requested: z._default(z.boolean(), false),
  error: z.optional(z.object({ code: id, message: z.optional(z.string()) })),
  created_at_ms: count,
  updated_at_ms: count,
  started_serial: z.optional(count),
  ended_serial: z.optional(count),
  serial: count,
  step: optionalId,
});

/** A run as JSON: the same members in snake_case, e.g. `{"run_id":"r","status":"running","generation":1,…}`. */
export type RunJson = z.infer<typeof runJson>;

/** For an answer that holds more than the run. */
export const runToJson = (record: RunRecord): RunJson => renamed(record, toSnake) as RunJson;

/** Reads parsed JSON; members that are not known are dropped. Null where it is no run. */
export function runFromJson(value: unknown): RunRecord | null {
  const { success, data } = runJson.safeParse(value);
  return success ? (renamed(data, toCamel) as RunRecord) : null;
}

/** @throws RangeError for a record of more than 8192 bytes, which applyRunEvent never makes */
export function encodeRun(record: RunRecord): string {
  const text = JSON.stringify(runToJson(record));
  if (!exceedsBytes(text, RUN_RECORD_MAX_BYTES)) return text;
  throw new RangeError(`a run record has at most ${RUN_RECORD_MAX_BYTES} bytes`);
}

/** The run in a text of {@link encodeRun}; null where there is none, or too much text. */
export function decodeRun(text: string): RunRecord | null {
  if (exceedsBytes(text, RUN_RECORD_MAX_BYTES)) return null;
  try {
    return runFromJson(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Bytes of the record's JSON. */
export const runBytes = (record: RunRecord): number => utf8Length(JSON.stringify(runToJson(record)));

const toSnake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const toCamel = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Every member of every object under its other name; those that are undefined are left out. */
function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(members.map(([name, item]) => [rename(name), renamed(item, rename)]));
}

/**
 * The registry of `extras.ai.transport`: every key there is and what its value may be. All values are strings on the wire.
 * Must not know: which event carries which key (headers-build.ts), sizes (limits.ts).
 */

/** What a value may be: an id or text that is not empty, text that may be empty, `true` or `false`, or one of a list. */
export type HeaderDomain = 'filled' | 'text' | 'flag' | readonly string[];

export const RUN_REASONS = ['complete', 'cancelled', 'error'] as const;
export const STEP_REASONS = ['complete', 'failed', 'cancelled'] as const;
export const STREAM_STATUSES = ['streaming', 'complete', 'cancelled'] as const;
export const ROLES = ['user', 'assistant', 'system', 'tool', 'agent'] as const;

const REGISTRY = {
  /** Run that the message belongs to. */
  'run-id': 'filled',
  /** Owner of the run. Empty, from a trusted publisher: unknown. */
  'run-client-id': 'text',
  /** How the run ended; on `ai-run-end` only. */
  'run-reason': RUN_REASONS,
  /** The input, or start, enters a run that exists. */
  'run-continue': 'flag',
  /** One attempt to serve one input; new on every continuation. */
  'invocation-id': 'filled',
  /** Id that the client made for its input event. */
  'event-id': 'filled',
  /** Author of the input. */
  'input-client-id': 'filled',
  /** Codec id of the input that caused the run. */
  'input-codec-message-id': 'filled',
  /** Id of the message that a user interface shows. */
  'codec-message-id': 'filled',
  /** Codec id (or run id) of the predecessor. */
  parent: 'filled',
  /** Codec id that this message stands beside, as an edit of it. */
  'fork-of': 'filled',
  /** Codec id of the answer that is generated again. */
  'msg-regenerate': 'filled',
  /** Id of a suspended run that this one hides. */
  supersedes: 'filled',
  /** The message will receive appends. */
  stream: 'flag',
  /** Id of one mutable message inside a run. */
  'stream-id': 'filled',
  /** Complete on arrival. */
  discrete: 'flag',
  /** State of a stream. */
  status: STREAM_STATUSES,
  /** Kind of author. */
  role: ROLES,
  /** Logical step; the same over retries. */
  'step-id': 'filled',
  /** Serial of the attempt's `ai-step-start`; on outputs and `ai-step-end`. */
  'step-start-serial': 'filled',
  /** How the step ended. */
  'step-reason': STEP_REASONS,
  /** Who runs the step. Empty, from a trusted publisher: unknown. */
  'step-client-id': 'text',
  /** JSON list of the codec ids of steers that the agent had seen. */
  'steer-codec-message-ids': 'filled',
  'error-code': 'filled',
  /** For people. */
  'error-message': 'text',
  /** Name of the model; never interpreted. */
  model: 'filled',
  // What turns were called before they became runs.
  'turn-id': 'filled',
  'turn-client-id': 'filled',
  'turn-reason': ['complete', 'cancelled', 'error', 'suspended'],
  'turn-continue': 'flag',
} as const satisfies Record<string, HeaderDomain>;

export type TransportKey = keyof typeof REGISTRY;

type ValueOf<Domain extends HeaderDomain> = Domain extends readonly (infer Value)[]
  ? Value
  : Domain extends 'flag'
    ? 'true' | 'false'
    : string;

/** Headers that a publisher of ours writes. */
export type TransportHeaders = { readonly [Key in TransportKey]?: ValueOf<(typeof REGISTRY)[Key]> };

/** Headers as they are read: anybody's. */
export type WireHeaders = Readonly<Record<string, string>>;

/** `extras.ai` of an event. */
export interface AiHeaders {
  readonly transport?: WireHeaders;
  readonly codec?: WireHeaders;
}

export type RunReason = (typeof RUN_REASONS)[number];
export type StepReason = (typeof STEP_REASONS)[number];
export type StreamStatus = (typeof STREAM_STATUSES)[number];
export type Role = (typeof ROLES)[number];

const DOMAINS: ReadonlyMap<string, HeaderDomain> = new Map(Object.entries(REGISTRY));

/** The thirty keys. */
export const TRANSPORT_KEYS: readonly string[] = [...DOMAINS.keys()];

/** What the value of a key may be; null for a key that does not exist. */
export const headerDomain = (key: string): HeaderDomain | null => DOMAINS.get(key) ?? null;

/** A header's value; undefined where it is absent or empty. */
export function header(headers: WireHeaders | undefined, key: TransportKey): string | undefined {
  const value = headers !== undefined && Object.hasOwn(headers, key) ? headers[key] : undefined;
  return value === '' ? undefined : value;
}

/**
 * What an AI event means, whatever the age of its publisher: turn names are read as run names, an empty `*-client-id` as none.
 * Must not know: the state of the run (run-transitions.ts).
 */
import { type AiEvent, isAiEvent } from './events.ts';
import {
  header,
  RUN_REASONS,
  type RunReason,
  STEP_REASONS,
  STREAM_STATUSES,
  type StepReason,
  type StreamStatus,
  type WireHeaders,
} from './transport-headers.ts';

export type LifecycleKind =
  | 'input'
  | 'cancel'
  | 'output'
  | 'run-start'
  | 'run-suspend'
  | 'run-resume'
  | 'run-end'
  | 'step-start'
  | 'step-end';

/** An AI event as its headers describe it. Absent member: the header was absent, or empty. */
export interface Lifecycle {
  readonly kind: LifecycleKind;
  readonly runId?: string;
  /** Owner of the run (`run-client-id`). */
  readonly clientId?: string;
  /** Author of the input. */
  readonly inputClientId?: string;
  readonly invocationId?: string;
  readonly eventId?: string;
  readonly codecMessageId?: string;
  readonly inputCodecMessageId?: string;
  readonly parent?: string;
  readonly forkOf?: string;
  readonly regenerates?: string;
  readonly supersedes?: string;
  /** `run-continue` is `true`. */
  readonly continues: boolean;
  /** How a run ended; `unknown` where the end does not say, or says what nobody knows. Only on `run-end`. */
  readonly reason?: RunReason | 'unknown';
  readonly streamId?: string;
  readonly status?: StreamStatus;
  readonly stepId?: string;
  readonly stepStartSerial?: string;
  readonly stepClientId?: string;
  /** Only on `step-end`; `complete` where it does not say. */
  readonly stepReason?: StepReason;
  /** Codec ids of the steers the agent had seen. */
  readonly steerIds: readonly string[];
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly model?: string;
}

const KINDS: Readonly<Record<AiEvent, LifecycleKind>> = {
  'ai-input': 'input',
  'ai-cancel': 'cancel',
  'ai-output': 'output',
  'ai-run-start': 'run-start',
  'ai-run-suspend': 'run-suspend',
  'ai-run-resume': 'run-resume',
  'ai-run-end': 'run-end',
  'ai-step-start': 'step-start',
  'ai-step-end': 'step-end',
  'ai-turn-start': 'run-start',
  'ai-turn-end': 'run-end',
};

/** Reads an event's headers; null for an event that is none of AI Transport. */
export function lifecycleOf(event: string, transport: WireHeaders | undefined): Lifecycle | null {
  if (!isAiEvent(event)) return null;
  const reason = header(transport, 'run-reason') ?? header(transport, 'turn-reason');
  const ended = KINDS[event] === 'run-end';
  const kind = ended && reason === 'suspended' ? 'run-suspend' : KINDS[event];
  return {
    kind,
    ...presentOf(transport),
    continues: (header(transport, 'run-continue') ?? header(transport, 'turn-continue')) === 'true',
    steerIds: steerIdsOf(transport),
    ...(kind === 'run-end' && { reason: oneOf(RUN_REASONS, reason) ?? 'unknown' }),
    ...(kind === 'step-end' && {
      stepReason: oneOf(STEP_REASONS, header(transport, 'step-reason')) ?? 'complete',
    }),
  };
}

function presentOf(transport: WireHeaders | undefined): Omit<Lifecycle, 'kind' | 'continues' | 'steerIds'> {
  const all = {
    runId: header(transport, 'run-id') ?? header(transport, 'turn-id'),
    clientId: header(transport, 'run-client-id') ?? header(transport, 'turn-client-id'),
    inputClientId: header(transport, 'input-client-id'),
    invocationId: header(transport, 'invocation-id'),
    eventId: header(transport, 'event-id'),
    codecMessageId: header(transport, 'codec-message-id'),
    inputCodecMessageId: header(transport, 'input-codec-message-id'),
    parent: header(transport, 'parent'),
    forkOf: header(transport, 'fork-of'),
    regenerates: header(transport, 'msg-regenerate'),
    supersedes: header(transport, 'supersedes'),
    streamId: header(transport, 'stream-id'),
    status: oneOf(STREAM_STATUSES, header(transport, 'status')),
    stepId: header(transport, 'step-id'),
    stepStartSerial: header(transport, 'step-start-serial'),
    stepClientId: header(transport, 'step-client-id'),
    errorCode: header(transport, 'error-code'),
    errorMessage: header(transport, 'error-message'),
    model: header(transport, 'model'),
  };
  return defined(all);
}

/** Members that have a value. */
type Defined<Given> = { [Key in keyof Given]?: Exclude<Given[Key], undefined> };

/** The same object without the members that are undefined. */
export function defined<Given extends object>(given: Given): Defined<Given> {
  // Exactly what the type says, which `fromEntries` cannot know.
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Defined<Given>;
}

function oneOf<Value extends string>(values: readonly Value[], text: string | undefined): Value | undefined {
  return values.find((value) => value === text);
}

/** Codec ids in `steer-codec-message-ids`; none where the value is no JSON list of strings. */
export function steerIdsOf(transport: WireHeaders | undefined): string[] {
  const text = header(transport, 'steer-codec-message-ids');
  if (text === undefined) return [];
  try {
    const ids: unknown = JSON.parse(text);
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

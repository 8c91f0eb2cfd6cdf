/**
 * Name and extras of every event that a run consists of, so that agent and client write the same headers. Data, ids and the
 * transport are the caller's. Must not know: sessions, models, sockets.
 */
import type { AiEvent } from './events.ts';
import { defined } from './lifecycle.ts';
import { STEER_IDS_MAX, STEER_IDS_MAX_BYTES, TRANSPORT_VALUE_MAX_BYTES } from './limits.ts';
import { cutBytes, exceedsBytes } from './text.ts';
import type {
  Role,
  RunReason,
  StepReason,
  StreamStatus,
  TransportHeaders,
  WireHeaders,
} from './transport-headers.ts';

/** What is published: `{name, extras}`, to which the caller adds channel, data and ids. */
export interface AiMessage {
  readonly name: AiEvent;
  readonly extras: {
    readonly ai: { readonly transport: TransportHeaders; readonly codec?: WireHeaders };
  };
}

/** The run that an agent's events belong to; the same value for all of them. */
export interface RunHeaders {
  readonly runId: string;
  readonly invocationId?: string | undefined;
  /** Owner. */
  readonly clientId?: string | undefined;
  readonly inputClientId?: string | undefined;
  readonly inputCodecMessageId?: string | undefined;
  /** Names a message before the run, never one inside it; of a regenerating run, the input it answers again. */
  readonly parent?: string | undefined;
  readonly forkOf?: string | undefined;
  readonly regenerates?: string | undefined;
  readonly model?: string | undefined;
}

export interface StepHeaders {
  readonly stepId: string;
  readonly stepClientId?: string | undefined;
  /** Delivery serial of the attempt's `ai-step-start`, as decimal text (divergence D90). Not on the start itself. */
  readonly stepStartSerial?: string | undefined;
}

export interface OutputHeaders {
  readonly codecMessageId: string;
  readonly role?: Role | undefined;
  readonly codec?: WireHeaders | undefined;
  readonly step?: StepHeaders | undefined;
  /** Codec ids of all steers the agent has seen; the newest 32 are named. */
  readonly steerIds?: readonly string[] | undefined;
}

export interface ErrorHeaders {
  readonly code: string;
  /** Cut to 256 bytes. */
  readonly message?: string | undefined;
}

/** An event of the user's side. */
export interface InputHeaders {
  readonly runId: string;
  readonly codecMessageId: string;
  readonly invocationId?: string | undefined;
  readonly eventId?: string | undefined;
  readonly parent?: string | undefined;
  /** Default `user`. */
  readonly role?: Role | undefined;
  /** Only a trusted publisher has to say who: a client's id is filled in by the server. */
  readonly clientId?: string | undefined;
  readonly codec?: WireHeaders | undefined;
}

function message(
  name: AiEvent,
  transport: { [Key in keyof TransportHeaders]: TransportHeaders[Key] | undefined },
  codec?: WireHeaders,
): AiMessage {
  return { name, extras: { ai: { transport: defined(transport), ...defined({ codec }) } } };
}

const common = ({ runId, invocationId }: RunHeaders) => ({ 'run-id': runId, 'invocation-id': invocationId });

const owners = ({ clientId, inputClientId }: RunHeaders) => ({
  'run-client-id': clientId,
  'input-client-id': inputClientId,
});

const place = ({ parent, forkOf, regenerates }: RunHeaders) => ({
  parent,
  'fork-of': forkOf,
  'msg-regenerate': regenerates,
});

const failure = (error: ErrorHeaders | undefined) => ({
  'error-code': error?.code,
  'error-message':
    error?.message === undefined ? undefined : cutBytes(error.message, TRANSPORT_VALUE_MAX_BYTES),
});

const stepPart = ({ stepId, stepClientId, stepStartSerial }: StepHeaders) => ({
  'step-id': stepId,
  'step-client-id': stepClientId,
  'step-start-serial': stepStartSerial,
});

/** The run begins. `continues`: it is the further attempt of one that began before. */
export function runStart(run: RunHeaders, continues = false): AiMessage {
  return message('ai-run-start', {
    ...common(run),
    ...owners(run),
    'input-codec-message-id': run.inputCodecMessageId,
    ...place(run),
    ...(continues && { 'run-continue': 'true' }),
    role: 'assistant',
    model: run.model,
  });
}

/** The run waits for a person or a tool. Its streams are to be closed before. */
export const runSuspend = (run: RunHeaders): AiMessage =>
  message('ai-run-suspend', { ...common(run), ...owners(run), role: 'assistant' });

/** It goes on, with a new invocation id. */
export const runResume = (run: RunHeaders): AiMessage =>
  message('ai-run-resume', { ...common(run), ...owners(run), role: 'assistant' });

/** It is over. Its streams are to be closed before. */
export function runEnd(run: RunHeaders, reason: RunReason, error?: ErrorHeaders): AiMessage {
  return message('ai-run-end', {
    ...common(run),
    ...owners(run),
    'run-reason': reason,
    ...failure(error),
    role: 'assistant',
  });
}

/** An attempt at a step; a retry is a second one with the same id. The serial of its acknowledgement goes on the step's outputs. */
export function stepStart(run: RunHeaders, { stepId, stepClientId }: StepHeaders): AiMessage {
  return message('ai-step-start', {
    ...common(run),
    ...stepPart({ stepId, stepClientId }),
    role: 'assistant',
  });
}

export function stepEnd(run: RunHeaders, step: StepHeaders, reason: StepReason): AiMessage {
  return message('ai-step-end', {
    ...common(run),
    ...stepPart(step),
    'step-reason': reason,
    role: 'assistant',
  });
}

/** Creates a message that is appended to. Its data must be a string, and not empty. */
export const outputCreate = (run: RunHeaders, output: OutputHeaders, streamId: string): AiMessage =>
  streamed(run, output, streamId, 'streaming');

/**
 * Extras of the append or update that closes a stream. Extras of an append replace all the message had, so they repeat every header.
 */
export function outputTerminal(
  run: RunHeaders,
  output: OutputHeaders,
  streamId: string,
  status: 'complete' | 'cancelled',
  error?: ErrorHeaders,
): AiMessage {
  return streamed(run, output, streamId, status, error);
}

function streamed(
  run: RunHeaders,
  output: OutputHeaders,
  streamId: string,
  status: StreamStatus,
  error?: ErrorHeaders,
): AiMessage {
  const stream = { stream: 'true', 'stream-id': streamId, status, ...failure(error) } as const;
  return message('ai-output', { ...outputPart(run, output), ...stream }, output.codec);
}

/** A piece that is complete at once: a tool's result, a source, a file. */
export const outputDiscrete = (run: RunHeaders, output: OutputHeaders): AiMessage =>
  message('ai-output', { ...outputPart(run, output), stream: 'false', discrete: 'true' }, output.codec);

function outputPart(run: RunHeaders, output: OutputHeaders) {
  return {
    ...common(run),
    'codec-message-id': output.codecMessageId,
    ...place(run),
    ...(output.step !== undefined && stepPart(output.step)),
    'steer-codec-message-ids': steerText(output.steerIds),
    role: output.role ?? 'assistant',
  };
}

/** The newest ids that fit: a list that is too long would have the whole output refused. */
function steerText(ids: readonly string[] = []): string | undefined {
  for (let kept = ids.slice(-STEER_IDS_MAX); kept.length > 0; kept = kept.slice(1)) {
    const text = JSON.stringify(kept);
    if (!exceedsBytes(text, STEER_IDS_MAX_BYTES)) return text;
  }
  return undefined;
}

function fromUser(given: InputHeaders, continues: boolean) {
  return {
    role: given.role ?? 'user',
    'run-id': given.runId,
    'invocation-id': given.invocationId,
    'event-id': given.eventId,
    'codec-message-id': given.codecMessageId,
    'input-client-id': given.clientId,
    parent: given.parent,
    'run-continue': continues ? 'true' : 'false',
  } as const;
}

/** A message of the user's. It opens a run, or goes to one that exists: suspended, waiting for this answer. */
export const input = (given: InputHeaders, { continues = false } = {}): AiMessage =>
  message('ai-input', fromUser(given, continues), given.codec);

/** More for a run that is at work. */
export const steer = (given: InputHeaders): AiMessage => input(given, { continues: true });

/** Another version of a message of the user's, beside `forkOf`, in a run of its own. */
export const edit = (given: InputHeaders, forkOf: string): AiMessage =>
  message('ai-input', { ...fromUser(given, false), 'fork-of': forkOf }, given.codec);

/** Another answer in place of `target`; `parent` names the input that it answers. Publish it with a `message_id` of its own. */
export const regenerate = (given: InputHeaders, target: string): AiMessage =>
  message('ai-input', { ...fromUser(given, false), 'msg-regenerate': target }, given.codec);

/** An answer that leaves a suspended run behind: readers no longer show `supersedes`. */
export const supersede = (given: InputHeaders, forkOf: string, supersedes: string): AiMessage =>
  message('ai-input', { ...fromUser(given, false), 'fork-of': forkOf, supersedes }, given.codec);

/** Asks a run to stop. By convention its data is `{"runId": …}`, for agents that read it there. */
export const cancel = (runId: string): AiMessage => message('ai-cancel', { 'run-id': runId });

/**
 * What a session shows: messages, made of parts, in runs. Plain values, compared by identity: a message that did not change is the
 * same object. Must not know: where they come from.
 */
import type { RunError, RunStatus, WireHeaders } from '../../wire/index.ts';
import type { Serial } from '../log/serials.ts';

/** One message of the channel: a stream of text, a tool's call or result, what the user typed. */
export interface MessagePart {
  /** Message serial, to be used in mutations; `pending:…` before the server has it. */
  readonly id: string;
  /** As it was published; JSON text where that was an object. Never parsed: see `partValue`. */
  readonly text: string;
  /** Came by `ai-input`. */
  readonly isInput: boolean;
  readonly streamId?: string;
  /** Of streams. A stream of a run that is over is never `streaming`. */
  readonly status?: 'streaming' | 'complete' | 'cancelled';
  readonly stepId?: string;
  /** `extras.ai.codec`: what the publisher says about the text. */
  readonly codec: WireHeaders;
  /** `extras.ai.transport`, also keys that this version does not know. */
  readonly transport: WireHeaders;
}

/**
 * `sending`: on its way to the server. `failed`: refused, see `error`. `streaming`: more is to come. `cancelled`, `error`: cut off,
 * or its run ended so before it was complete.
 */
export type MessageStatus = 'sending' | 'failed' | 'streaming' | 'complete' | 'cancelled' | 'error';

export interface SessionMessage {
  /**
   * What edits, regenerations and replies refer to: the codec message id, or, where that is an answer's or what somebody else said, the
   * message serial.
   */
  readonly id: string;
  readonly runId: string;
  /** `user`, `assistant`, or what the publisher said. Of what users say in words never `assistant` or `system`. */
  readonly role: string;
  /** Who wrote it, as verified by the server, or as a trusted publisher said. */
  readonly clientId?: string;
  readonly status: MessageStatus;
  readonly error?: RunError;
  /** Oldest first. */
  readonly parts: readonly MessagePart[];
  /** Milliseconds since 1970. */
  readonly createdAtMs?: number;
}

export interface SessionStep {
  readonly id: string;
  readonly status: 'active' | 'complete' | 'failed' | 'cancelled';
  /** How often it was begun; only the output of the last time counts. */
  readonly attempts: number;
}

export interface SessionRun {
  readonly id: string;
  readonly status: RunStatus;
  readonly clientId?: string;
  readonly error?: RunError;
  /** Somebody asked a running run to stop. */
  readonly isCancelRequested: boolean;
  /** Worker that has the run, where the server keeps runs. */
  readonly workerId?: string;
  /** How often a worker took it; 0 where none did, or the server keeps no runs. */
  readonly generation: number;
  /** Ids of its messages, oldest first. */
  readonly messageIds: readonly string[];
  readonly steps: readonly SessionStep[];
  readonly model?: string;
  /** Run that is over once this one is there (`supersedes`). */
  readonly supersedes?: string;
  /** Place in the queue, milliseconds since 1970: smaller is sooner. Only while queued, and where the server keeps runs. */
  readonly queuedAtMs?: number;
  /** Milliseconds since 1970. */
  readonly createdAtMs?: number;
}

/** A run that is not over. */
export const isLive = ({ status }: { readonly status: RunStatus }): boolean =>
  status === 'queued' || status === 'running' || status === 'suspended';

/** Where a run began in the channel; null: the server does not have it yet. */
export type Place = Serial | null;

/**
 * All texts of a message one after the other, without what only machines read: reasoning, tools, data. Of an answer, what its agent wrote,
 * and not what people answered to it.
 */
export function messageText({ parts }: Pick<SessionMessage, 'parts'>): string {
  const isAnswer = parts.some(({ isInput }) => !isInput);
  return parts
    .filter((part) => isPlainText(part) && !(isAnswer && part.isInput))
    .map(({ text }) => text)
    .join('');
}

/** What users may add to an answer that asks for it: results of tools, and approvals. Some publishers say so in the data only. */
export function isToolAnswer({
  codec,
  text,
}: {
  readonly codec: WireHeaders;
  readonly text?: string;
}): boolean {
  return codec.type === undefined ? text?.startsWith('{') === true : TOOL_ANSWERS.has(codec.type);
}

const TOOL_ANSWERS: ReadonlySet<string> = new Set([
  'tool-result',
  'tool-result-error',
  'tool-approval-response',
]);
const TEXT_TYPES: ReadonlySet<string> = new Set(['text', 'text-start', 'text-delta', 'text-end']);

function isPlainText({ codec, transport, text }: MessagePart): boolean {
  const { type } = codec;
  if (type !== undefined) return TEXT_TYPES.has(type);
  return transport.stream === 'true' || !text.startsWith('{');
}

/** A part's JSON value where its text is an object or a list, and no stream; its text otherwise. */
export function partValue({ text, codec, transport }: MessagePart): unknown {
  const isText = transport.stream === 'true' || codec.type === 'text';
  if (isText || !/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    // A text that merely begins like JSON.
    return text;
  }
}

/**
 * What a mutable message looks like after a row of frames: create, updates, appends, deletes. Pure, and indifferent to repetition: a
 * replay, a rewind or a version that was read over HTTP may come before, between or after live frames, as long as each source is
 * in order by itself. Must not know: channels, connections.
 *
 * Invariants
 *  M1 Versions of a message only go forward, in the order of their serials as texts; what is not newer changes nothing.
 *  M2 An append of text adds to exactly the version before it, so it counts only on a state; without one the message stays unknown.
 * Sources: Sockudo protocol 2, "Live frames"; divergences D37 (rewound appends come as updates), D43 (order of versions), D86.
 */
import {
  isJsonObject,
  isMessageVersion,
  type JsonObject,
  type MessageVersion,
  stringMember,
} from '@sockudo/protocol';
import type { EventMetadata } from './emitter.ts';
import { numberOf } from './values.ts';

export type MessageAction = 'create' | 'update' | 'append' | 'delete';

/** A message as it stands. */
export interface MessageState {
  /** Its identity, for life. */
  readonly messageSerial: string;
  readonly versionSerial: string;
  /** How this version came about. A deleted message may still have its data. */
  readonly action: MessageAction;
  /** The publisher's event name; undefined once it was cleared. */
  readonly name: string | undefined;
  /** As it was published, texts unparsed; undefined once it was cleared. */
  readonly data: unknown;
  readonly extras: JsonObject | undefined;
  /** Whom this version is attributed to, if anybody. */
  readonly clientId: string | undefined;
  /** When this version was made, in milliseconds since the epoch. */
  readonly timestampMs: number | undefined;
}

/** An event as handlers receive it: its name and data, and their metadata beside it. */
export interface MessageFrame extends EventMetadata {
  readonly event: string;
  readonly data?: unknown;
}

export interface MessageStateOptions {
  /** What appends carry: the connection's `appendMode`. Default `delta`: fragments. */
  readonly appendMode?: 'delta' | 'full';
}

/**
 * The state after one more frame, or after a message that was read: an item of `channel.history`, the answer of `getMessage`.
 * The state itself where there is nothing new: other events, other messages, versions already known. Items of a list of versions
 * are not for here: their appends are fragments.
 */
export function nextMessageState(
  state: MessageState | undefined,
  given: MessageFrame | MessageVersion,
  { appendMode = 'delta' }: MessageStateOptions = {},
): MessageState | undefined {
  const isWhole = isMessageVersion(given);
  const next = isWhole ? stateOfVersion(given) : stateOfFrame(given);
  if (next === undefined) return state;
  if (state !== undefined && !isNewer(next, state)) return state;
  if (isWhole || next.action !== 'append' || appendMode === 'full') return next;
  if (state === undefined) return undefined;
  return { ...next, data: joined(state.data, next.data) };
}

/** The message that the first frame is about, after all of them; undefined when its text is not known from its beginning. */
export function messageState(
  frames: Iterable<MessageFrame | MessageVersion>,
  options: MessageStateOptions = {},
): MessageState | undefined {
  let serial: string | undefined;
  let state: MessageState | undefined;
  for (const frame of frames) {
    serial ??= messageSerialOf(frame);
    if (serial !== undefined && messageSerialOf(frame) === serial) {
      state = nextMessageState(state, frame, options);
    }
  }
  return state;
}

/** The message that a frame is about; undefined for what is no message, or one that cannot change. */
export function messageSerialOf(given: MessageFrame | MessageVersion): string | undefined {
  return isMessageVersion(given)
    ? given.message_serial
    : stringMember(headersOf(given.extras), 'sockudo_message_serial');
}

const isNewer = (next: MessageState, { messageSerial, versionSerial }: MessageState): boolean =>
  next.messageSerial === messageSerial && next.versionSerial > versionSerial;

function stateOfVersion(message: MessageVersion): MessageState | undefined {
  if (!isAction(message.action)) return undefined;
  return {
    messageSerial: message.message_serial,
    versionSerial: message.version.serial,
    action: message.action,
    name: message.name,
    data: message.data,
    extras: message.extras,
    clientId: message.version.client_id,
    timestampMs: message.version.timestamp_ms,
  };
}

function stateOfFrame(frame: MessageFrame): MessageState | undefined {
  const { event, name, data, rawData, extras, user_id: clientId } = frame;
  const headers = headersOf(extras);
  const messageSerial = stringMember(headers, 'sockudo_message_serial');
  const versionSerial = stringMember(headers, 'sockudo_version_serial');
  const action = stringMember(headers, 'sockudo_action')?.replace(/^message\./, '');
  if (messageSerial === undefined || versionSerial === undefined || !isAction(action)) return undefined;
  return {
    messageSerial,
    versionSerial,
    action,
    name: action === 'create' ? event : name,
    data: rawData ?? data,
    extras,
    clientId,
    timestampMs: numberOf(headers.sockudo_version_timestamp_ms),
  };
}

const ACTIONS: ReadonlySet<unknown> = new Set<MessageAction>(['create', 'update', 'append', 'delete']);

const isAction = (action: unknown): action is MessageAction => ACTIONS.has(action);

const NO_HEADERS: JsonObject = {};

function headersOf(extras: JsonObject | undefined): JsonObject {
  const headers = extras?.headers;
  return isJsonObject(headers) ? headers : NO_HEADERS;
}

/** The server takes no append to anything but text. */
const joined = (data: unknown, fragment: unknown): string =>
  `${typeof data === 'string' ? data : ''}${typeof fragment === 'string' ? fragment : ''}`;

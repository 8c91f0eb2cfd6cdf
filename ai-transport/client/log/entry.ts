/**
 * One form for everything that is read of a channel: live frames, resumed and rewound ones, rows of a history, items of an attach.
 * Both spellings of actions are read. Texts stay texts, whatever they look like: a streamed `42` is no number.
 * Must not know: what the message is about, what was read before.
 */
import type { EventMetadata, HistoryItem } from '@sockudo/client';
import { isJsonObject, type JsonObject, member, stringMember } from '@sockudo/protocol';
import type { WireHeaders } from '../../wire/index.ts';
import { type Serial, serialOf } from './serials.ts';

export type EntryAction = 'create' | 'update' | 'append' | 'delete';

/** A version of a message. */
export interface LogEntry {
  /** Identity of the message: its message serial; of one that has none, its `message_id` or its place. */
  readonly key: string;
  readonly action: EntryAction;
  /** The text is all of the message, not a fragment to be added. */
  readonly isWhole: boolean;
  /** It was asked for, and may be ahead of the live frames that are on their way. */
  readonly isRead: boolean;
  /** Version serial; empty for messages that cannot change. Versions compare as texts. */
  readonly version: string;
  /** Serial of the message's create: its place in the channel. Null on channels that keep nothing. */
  readonly place: Serial | null;
  /** Known of creates and rows only. */
  readonly messageId?: string;
  /** The publisher's event name. */
  readonly event: string;
  /** JSON text where something else than a text was published; absent where there is none. */
  readonly text?: string;
  readonly transport: WireHeaders;
  readonly codec: WireHeaders;
  /** When the message was created, milliseconds since 1970. */
  readonly atMs?: number;
  readonly streamId?: string;
}

const NO_HEADERS: WireHeaders = Object.freeze({});

/** What the entry looks like where appends carry the whole text (`appendMode` full). */
export interface ReadOptions {
  readonly appendMode: 'delta' | 'full';
}

const ACTIONS: ReadonlySet<string> = new Set<EntryAction>(['create', 'update', 'append', 'delete']);
const MUTATION = /^(?:sockudo|pusher):message\.(\w+)$/;

/** A frame as handlers of a channel get it. Null: no message, or an action that nobody knows. */
export function entryOfFrame(
  event: string,
  data: unknown,
  metadata: EventMetadata,
  { appendMode }: ReadOptions,
): LogEntry | null {
  const { extras, message_id: messageId, serial, stream_id: streamId } = metadata;
  const headers = objectMember(extras, 'headers');
  const key = stringMember(headers, 'sockudo_message_serial');
  const named = MUTATION.exec(event);
  const action = actionOf(stringMember(headers, 'sockudo_action') ?? named?.[1] ?? 'create');
  if (action === null) return null;
  const place = serialOf(member(headers, 'sockudo_history_serial')) ?? serialOf(serial) ?? null;
  const identity = key ?? messageId;
  if (identity === undefined) return null;
  const isCreate = action === 'create';
  return {
    key: identity,
    action,
    isWhole: action !== 'append' || appendMode === 'full',
    isRead: false,
    version: stringMember(headers, 'sockudo_version_serial') ?? '',
    place,
    event: named === null ? event : (metadata.name ?? ''),
    ...(isCreate && messageId !== undefined && { messageId }),
    ...textOf(metadata.rawData ?? data),
    ...headersOf(extras),
    ...timeOf(key, member(headers, 'sockudo_version_timestamp_ms')),
    ...(streamId !== undefined && { streamId }),
  };
}

/** A row of a history, which shows its message as it stands. */
export function entryOfRow(row: HistoryItem): LogEntry | null {
  const message: JsonObject = { ...row.message };
  const key = stringMember(message, 'message_serial');
  const place = serialOf(row.serial) ?? null;
  const identity = key ?? row.message_id ?? undefined;
  if (identity === undefined) return null;
  const version = member(message, 'version');
  return {
    key: identity,
    // An action that nobody knows yet: the message is shown as it stands.
    action: actionOf(stringMember(message, 'action') ?? 'create') ?? 'update',
    isWhole: true,
    isRead: true,
    version: isJsonObject(version) ? (stringMember(version, 'serial') ?? '') : '',
    place,
    event: stringMember(message, key === undefined ? 'event' : 'name') ?? '',
    ...(row.message_id !== null && { messageId: row.message_id }),
    ...textOf(member(message, 'data')),
    ...headersOf(row.message.extras),
    ...timeOf(key, row.published_at_ms),
    streamId: row.stream_id,
  };
}

function actionOf(word: string): EntryAction | null {
  const short = word.replace(/^message\./, '');
  // CAST: the set holds exactly these words.
  return ACTIONS.has(short) ? (short as EntryAction) : null;
}

/** What was published as an object is compared, stored and shown as its JSON text, like a backend's. */
function textOf(data: unknown): { text?: string } {
  if (data === undefined) return {};
  return { text: typeof data === 'string' ? data : JSON.stringify(data) };
}

function headersOf(extras: JsonObject | undefined): { transport: WireHeaders; codec: WireHeaders } {
  const ai = objectMember(extras, 'ai');
  return { transport: texts(member(ai, 'transport')), codec: texts(member(ai, 'codec')) };
}

/** Values that are no texts are nobody's headers. */
function texts(value: unknown): WireHeaders {
  if (!isJsonObject(value)) return NO_HEADERS;
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return entries.length === 0 ? NO_HEADERS : Object.fromEntries(entries);
}

/** A message serial begins with the time of the create, which mutation frames do not say otherwise. */
function timeOf(messageSerial: string | undefined, otherwise: unknown): { atMs?: number } {
  const digits = messageSerial === undefined ? null : /^(\d{13,20}):/.exec(messageSerial);
  const atMs = digits === null ? otherwise : Number(digits[1]);
  return typeof atMs === 'number' && Number.isFinite(atMs) ? { atMs } : {};
}

const EMPTY: JsonObject = {};

function objectMember(value: JsonObject | undefined, name: string): JsonObject {
  const inner = value === undefined ? undefined : member(value, name);
  return isJsonObject(inner) ? inner : EMPTY;
}

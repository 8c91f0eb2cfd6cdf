// `extras.ai` of a stored message, read out of the JSON text that it is stored as. The appends of a stream repeat the same text, so
// that texts read before answer for most of them.
import type { AiHeaders } from '@sockudo/ai-transport/wire';
import { parseExtras, tryParseJson } from '@sockudo/protocol';

/** `streaming`: more is to come. `ended`: it says that it is complete or cancelled. `none`: it says neither. */
export type StreamState = 'streaming' | 'ended' | 'none';

export interface StoredHeaders {
  /** Absent: the message has no `extras.ai`. */
  readonly ai?: AiHeaders;
  readonly state: StreamState;
}

const NO_HEADERS: StoredHeaders = { state: 'none' };
/** Each message that is appended to has a text of its own, so this is about how many may be at it at a time. */
const MAX_TEXTS = 2048;
const MAX_TEXT_LENGTH = 4096;
/** Texts used since the last change of maps, and those before: what goes on being used is never read again. */
let recent = new Map<string, StoredHeaders>();
let older: ReadonlyMap<string, StoredHeaders> = new Map();

/** @param extras text of the whole `extras`, as core stores it */
export function headersIn(extras: string | undefined): StoredHeaders {
  if (extras === undefined) return NO_HEADERS;
  const found = recent.get(extras);
  if (found !== undefined) return found;
  const headers = older.get(extras) ?? read(extras);
  if (extras.length > MAX_TEXT_LENGTH) return headers;
  if (recent.size >= MAX_TEXTS) {
    older = recent;
    recent = new Map();
  }
  recent.set(extras, headers);
  return headers;
}

function read(text: string): StoredHeaders {
  const ai = parseExtras(tryParseJson(text))?.ai;
  return ai === undefined ? NO_HEADERS : { ai, state: streamStateOf(ai) };
}

/** Ended by either map, since an append may end a stream by either; open by `transport` alone. */
export function streamStateOf({ transport, codec }: AiHeaders): StreamState {
  const statuses = [codec?.status, transport?.status];
  if (statuses.some((status) => status === 'complete' || status === 'cancelled')) return 'ended';
  return transport?.status === 'streaming' ? 'streaming' : 'none';
}

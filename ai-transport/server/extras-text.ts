// `extras.ai` of a stored message, read out of the JSON text that it is stored as. The appends of a stream repeat the same text, so
// that a few texts read before answer for most of them.
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
const MAX_TEXTS = 256;
const MAX_TEXT_LENGTH = 4096;
const known = new Map<string, StoredHeaders>();

/** @param extras text of the whole `extras`, as core stores it */
export function headersIn(extras: string | undefined): StoredHeaders {
  if (extras === undefined) return NO_HEADERS;
  const found = known.get(extras);
  if (found !== undefined) return found;
  const headers = read(extras);
  if (extras.length > MAX_TEXT_LENGTH) return headers;
  if (known.size >= MAX_TEXTS) known.clear();
  known.set(extras, headers);
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

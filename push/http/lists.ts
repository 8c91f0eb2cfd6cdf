// Lists in pages, with cursors that hold for one list of one app (push.md section 2.6). Snake case, unlike most answers of push.
import { base64UrlDecode, base64UrlEncode } from '@sockudo/protocol';
import type { AppCall, HttpAnswer } from '@sockudo/server/plugins';
import { MAX_KEY_BYTES } from '@sockudo/server/ports';
import { z } from 'zod';
import { invalid } from '../refusal.ts';
import { answer, queryNumber, queryText } from './answers.ts';

export type ListKind = 'device' | 'channelSubscription' | 'credential' | 'template' | 'deadLetter';

export interface ListRequest {
  /** Where the page before ended; absent: the first page. */
  readonly after?: string | undefined;
  readonly limit: number;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
const MAX_CURSOR_CHARS = 2048;

const cursorSchema = z.object({
  appId: z.string(),
  kind: z.string(),
  position: z.string().min(1),
  issuedAtMs: z.number(),
});

/** @throws ProtocolError 400 */
export function listRequest(call: AppCall, kind: ListKind): ListRequest {
  const limit = queryNumber(call, 'limit') ?? DEFAULT_LIMIT;
  if (limit < 1 || limit > MAX_LIMIT) throw invalid(`limit must be from 1 to ${MAX_LIMIT}`);
  const cursor = queryText(call, 'cursor');
  return { limit, ...(cursor !== undefined && { after: positionOf(cursor, call.app.id, kind) }) };
}

/** @param next position behind the last item; null: there are no more */
export function listAnswer(
  { app }: AppCall,
  kind: ListKind,
  items: readonly unknown[],
  next: string | null,
): HttpAnswer {
  const cursor =
    next === null
      ? null
      : base64UrlEncode(
          Buffer.from(JSON.stringify({ appId: app.id, kind, position: next, issuedAtMs: Date.now() })),
        );
  return answer(200, { items, next_cursor: cursor, has_more: next !== null });
}

function positionOf(cursor: string, appId: string, kind: ListKind): string {
  const refused = () => invalid('cursor is invalid');
  if (cursor.length > MAX_CURSOR_CHARS) throw refused();
  const bytes = base64UrlDecode(cursor);
  if (bytes === null) throw refused();
  let content: z.output<typeof cursorSchema>;
  try {
    content = cursorSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    throw refused();
  }
  const { position } = content;
  if (content.appId !== appId || content.kind !== kind) throw refused();
  // It becomes a key of the store, which takes no such texts.
  const isKey = position.isWellFormed() && !position.includes('\0');
  if (!isKey || Buffer.byteLength(position) > MAX_KEY_BYTES) throw refused();
  return position;
}

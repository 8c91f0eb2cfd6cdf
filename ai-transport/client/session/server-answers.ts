/**
 * What the server tells of sessions and runs, read safely: `sockudo:ai_session` and `sockudo:ai_run`. Unknown members are left out,
 * unreadable runs too. Must not know: what is done with them.
 */
import type { HistoryItem } from '@sockudo/client';
import { isJsonObject, type JsonObject, member, stringMember } from '@sockudo/protocol';
import { runFromJson } from '../../wire/index.ts';
import { type Serial, serialOf } from '../log/serials.ts';
import type { KnownRun } from '../tree/tree.ts';

/** A page of messages, newest first or oldest first, with what else came along. */
export interface SessionPage {
  readonly rows: readonly HistoryItem[];
  readonly hasMore: boolean;
  readonly streamId: string | null;
  /** Absent where the server keeps no runs. */
  readonly runs?: readonly KnownRun[];
}

/** Data of `sockudo:ai_session`; null for anything else. */
export function sessionPageOf(data: unknown): SessionPage | null {
  if (!isJsonObject(data)) return null;
  const items = member(data, 'items');
  const runs = member(data, 'runs');
  if (!Array.isArray(items) || !Array.isArray(runs)) return null;
  const position = member(data, 'position');
  return {
    rows: items.filter(isRow),
    hasMore: member(data, 'has_more') === true,
    streamId: isJsonObject(position) ? (stringMember(position, 'stream_id') ?? null) : null,
    runs: runs.flatMap((run) => knownRunOf(run) ?? []),
  };
}

/** A run as JSON; null for what is none. */
export function knownRunOf(value: unknown): KnownRun | null {
  const run = runFromJson(value);
  if (run === null || !isJsonObject(value)) return null;
  const queuedAtMs = member(value, 'queued_at_ms');
  return typeof queuedAtMs === 'number' ? { ...run, queuedAtMs } : run;
}

/** The channel that a frame is about: on the envelope, or in the data. */
export const channelOf = (data: unknown, envelope: string | undefined): string | undefined =>
  envelope ?? (isJsonObject(data) ? stringMember(data, 'channel') : undefined);

/** The place of the oldest row, and null without rows. */
export function oldestOf(rows: readonly HistoryItem[]): Serial | null {
  const places = rows.map(({ serial }) => serialOf(serial)).filter((serial) => serial !== undefined);
  return places.reduce<Serial | null>((a, b) => (a === null || Number(b) < Number(a) ? b : a), null);
}

// CAST: checked as far as entryOfRow relies on it.
const isRow = (value: unknown): value is HistoryItem =>
  isJsonObject(value) &&
  isMessage(member(value, 'message')) &&
  serialOf(member(value, 'serial')) !== undefined;

const isMessage = (value: unknown): value is JsonObject => isJsonObject(value);

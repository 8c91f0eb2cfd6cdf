// A channel's durable history: pages, the state of its stream, and the two ways to cut it (http.md 5).
import {
  type HistoryAnswer,
  type HistoryItem,
  type HistoryPurgeAnswer,
  type HistoryResetAnswer,
  type HistoryStateAnswer,
  isHistoryAnswer,
  isHistoryPurgeAnswer,
  isHistoryResetAnswer,
  isHistoryStateAnswer,
  type Page,
} from '@sockudo/protocol';
import { channelPath } from './names.ts';
import { nextCursorOf, type Requester, readPage } from './requester.ts';
import type { QueryValue } from './signed-query.ts';

/** What to read of a history, of messages or of presence. Bounds are inclusive. */
export interface HistoryParams {
  /** Rows of a page; default and most: the server's page size (100). */
  readonly limit?: number | undefined;
  /** Default `newest_first`. */
  readonly direction?: 'newest_first' | 'oldest_first' | 'backwards' | 'forwards' | undefined;
  /** `next_cursor` of a page that was asked for with the same direction and bounds. */
  readonly cursor?: string | undefined;
  readonly start_serial?: number | string | undefined;
  readonly end_serial?: number | string | undefined;
  /** Milliseconds since the epoch. */
  readonly start_time_ms?: number | undefined;
  readonly end_time_ms?: number | undefined;
  readonly [param: string]: QueryValue;
}

export type HistoryPage = Page<HistoryAnswer, HistoryItem>;

/** Why a history is cut, and by whom: written to the server's log. */
export interface CutReason {
  readonly reason: string;
  readonly requested_by?: string | undefined;
}

/** What to remove: everything, or what lies strictly before a serial or a time. */
export type PurgeParams = CutReason &
  (
    | { readonly mode: 'all' }
    | { readonly mode: 'before_serial'; readonly before_serial: number }
    | { readonly mode: 'before_time_ms'; readonly before_time_ms: number }
  );

const historyPath = (channel: string): string => `${channelPath(channel)}/history`;

export const readHistory = (
  requester: Requester,
  channel: string,
  params: HistoryParams,
): Promise<HistoryPage> =>
  readPage(requester, { path: historyPath(channel), params, isAnswer: isHistoryAnswer }, nextCursorOf);

export const readHistoryState = (requester: Requester, channel: string): Promise<HistoryStateAnswer> =>
  requester.read({ path: `${historyPath(channel)}/state`, isAnswer: isHistoryStateAnswer });

export function resetHistory(
  requester: Requester,
  channel: string,
  { reason, requested_by }: CutReason,
): Promise<HistoryResetAnswer> {
  return requester.change({
    path: `${historyPath(channel)}/reset`,
    body: { confirm_channel: channel, confirm_operation: 'reset', reason, requested_by },
    isIdempotent: false,
    isAnswer: isHistoryResetAnswer,
  });
}

export function purgeHistory(
  requester: Requester,
  channel: string,
  params: PurgeParams,
): Promise<HistoryPurgeAnswer> {
  return requester.change({
    path: `${historyPath(channel)}/purge`,
    body: { ...params, confirm_channel: channel, confirm_operation: 'purge' },
    isIdempotent: false,
    isAnswer: isHistoryPurgeAnswer,
  });
}

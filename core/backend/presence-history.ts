// Who was in a presence channel: the log of comings and goings, its state, snapshots, and its reset (http.md 6).
import {
  isPresenceHistoryAnswer,
  isPresenceResetAnswer,
  isPresenceSnapshotAnswer,
  isPresenceStateAnswer,
  type Page,
  type PresenceHistoryAnswer,
  type PresenceHistoryItem,
  type PresenceResetAnswer,
  type PresenceSnapshotAnswer,
  type PresenceStateAnswer,
} from '@sockudo/protocol';
import type { CutReason, HistoryParams } from './history.ts';
import { channelPath } from './names.ts';
import { nextCursorOf, type Requester, readPage } from './requester.ts';
import type { QueryValue } from './signed-query.ts';

export type PresenceHistoryPage = Page<PresenceHistoryAnswer, PresenceHistoryItem>;

/** The moment of a snapshot, inclusive; default: now. */
export interface SnapshotParams {
  /** Milliseconds since the epoch. */
  readonly at_time_ms?: number | undefined;
  /** Short for `at_time_ms`. */
  readonly at?: number | undefined;
  readonly at_serial?: number | string | undefined;
  readonly [param: string]: QueryValue;
}

/** @throws TypeError for channels that have no presence */
function presenceHistoryPath(channel: string): string {
  const path = channelPath(channel);
  if (!channel.startsWith('presence-')) {
    throw new TypeError(`Presence history needs a presence channel, not '${channel}'`);
  }
  return `${path}/presence/history`;
}

export function readPresenceHistory(
  requester: Requester,
  channel: string,
  params: HistoryParams,
): Promise<PresenceHistoryPage> {
  const path = presenceHistoryPath(channel);
  return readPage(requester, { path, params, isAnswer: isPresenceHistoryAnswer }, nextCursorOf);
}

export const readPresenceState = (requester: Requester, channel: string): Promise<PresenceStateAnswer> =>
  requester.read({ path: `${presenceHistoryPath(channel)}/state`, isAnswer: isPresenceStateAnswer });

export function readPresenceSnapshot(
  requester: Requester,
  channel: string,
  params: SnapshotParams,
): Promise<PresenceSnapshotAnswer> {
  const path = `${presenceHistoryPath(channel)}/snapshot`;
  return requester.read({ path, params, isAnswer: isPresenceSnapshotAnswer });
}

export function resetPresenceHistory(
  requester: Requester,
  channel: string,
  { reason, requested_by }: CutReason,
): Promise<PresenceResetAnswer> {
  return requester.change({
    path: `${presenceHistoryPath(channel)}/reset`,
    body: { confirm_channel: channel, confirm_operation: 'reset', reason, requested_by },
    isIdempotent: false,
    isAnswer: isPresenceResetAnswer,
  });
}

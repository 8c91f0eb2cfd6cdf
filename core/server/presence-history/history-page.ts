// One page of a channel's transitions, and what its log retains beside it. Knows no HTTP; refusals are the wire's.
import { type HistoryQuery, httpError, type ProtocolError } from '@sockudo/protocol';
import type { GapReason, StreamState } from '../ports/channel-log.ts';
import { isTruncated, rangeOf } from '../ports/history-range.ts';
import type { StoredTransition } from './transition.ts';
import { readTransitions, type TransitionLog } from './transition-log.ts';

export interface HistoryPage {
  readonly transitions: readonly StoredTransition[];
  /** Where the next page goes on; null: this was the last one. */
  readonly next: StoredTransition | null;
  readonly retained: StreamState;
  /** Entries that the request asked for are no longer retained. */
  readonly isTruncated: boolean;
}

/** @throws ProtocolError 400 `invalid_input` for a cursor of another stream or of a place that is no longer retained */
export async function readHistoryPage(source: TransitionLog, query: HistoryQuery): Promise<HistoryPage> {
  const page = await readTransitions(source, rangeOf(query));
  if (page.kind === 'gap') throw expiredCursor(page.reason);
  const retained = await source.log.state(source.key);
  return {
    transitions: page.transitions,
    next: page.more ? (page.transitions.at(-1) ?? null) : null,
    retained,
    isTruncated: isTruncated(query.bounds, retained),
  };
}

const GAP_TEXTS: Readonly<Record<GapReason, string>> = {
  'other-stream': 'the channel has another stream now',
  trimmed: 'it points to a place that is no longer retained',
  ahead: 'it points to a place that does not exist yet',
};

const expiredCursor = (reason: GapReason): ProtocolError =>
  httpError('invalid_input', `Expired presence history cursor: ${GAP_TEXTS[reason]}`);

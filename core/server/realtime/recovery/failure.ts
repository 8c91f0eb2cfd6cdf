// Why a channel cannot be recovered, in the words of the protocol (realtime.md section 6.2). The code tells the client what to
// do; the reason tells the operator which store said no, so it differs by what the app keeps.
import type { ResumeFailureCode } from '@sockudo/protocol';
import type { App } from '../../apps/app.ts';
import { keepsHistory } from '../../apps/durability.ts';
import type { StreamState } from '../../ports/channel-log.ts';

/** What went wrong, whatever the store. */
export type Fault =
  /** The position belongs to another stream than the channel's. */
  | 'other-stream'
  /** The same, and the hot buffer already knew. */
  | 'other-stream-hot'
  /** The same, but the stream changed while it was replayed. */
  | 'reset-meanwhile'
  /** What follows the position is no longer kept. */
  | 'trimmed'
  /** The same, and nothing at all is kept. */
  | 'emptied'
  /** The same, but it went while it was replayed. */
  | 'trimmed-meanwhile'
  /** The position lies above the head. */
  | 'ahead'
  | 'hole'
  | 'ended-early'
  /** More was missed than the app lets a client recover. */
  | 'window-exceeded'
  /** A serial without a stream id, and no buffer in memory that would vouch for it. */
  | 'legacy'
  | 'not-subscribed'
  | 'state-unavailable'
  | 'read-failed'
  | 'unreadable-entry'
  | 'not-delivered';

type Row = readonly [code: ResumeFailureCode, reason: string];

const COMMON = {
  'other-stream-hot': ['stream_reset', 'stream_id_mismatch'],
  'window-exceeded': ['position_expired', 'recovery_window_exceeded'],
  legacy: ['continuity_unverifiable', 'legacy_serial_only_position_cannot_use_cold_recovery'],
  'not-subscribed': ['continuity_unverifiable', 'channel_not_subscribed'],
  'reset-meanwhile': ['stream_reset', 'durable_stream_changed_during_reconnect'],
  'trimmed-meanwhile': ['position_expired', 'retention_boundary_crossed_during_reconnect'],
  'not-delivered': ['persistence_unavailable', 'failed_to_deliver_recovery_payload'],
} as const satisfies Partial<Record<Fault, Row>>;

/** Channels whose messages have versions. */
const VERSIONED: Record<Fault, Row> = {
  ...COMMON,
  'other-stream': ['stream_reset', 'version_stream_id_mismatch'],
  trimmed: ['position_expired', 'version_replay_floor_is_ahead_of_requested_serial'],
  emptied: ['position_expired', 'version_replay_empty_after_prior_writes'],
  ahead: ['continuity_unverifiable', 'position_ahead_of_version_stream'],
  hole: ['continuity_unverifiable', 'version_replay_is_not_contiguous'],
  'ended-early': ['continuity_unverifiable', 'version_replay_ended_before_stream_head'],
  'state-unavailable': ['persistence_unavailable', 'version_store_state_unavailable'],
  'read-failed': ['persistence_unavailable', 'version_store_replay_failed'],
  'unreadable-entry': ['persistence_unavailable', 'version_store_payload_serialization_failed'],
};

/** Channels with history alone. */
const DURABLE: Record<Fault, Row> = {
  ...COMMON,
  'other-stream': ['stream_reset', 'durable_stream_id_mismatch'],
  trimmed: ['position_expired', 'retained_history_floor_is_ahead_of_requested_serial'],
  emptied: ['position_expired', 'durable_history_empty_after_prior_writes'],
  ahead: ['continuity_unverifiable', 'position_ahead_of_durable_stream'],
  hole: ['continuity_unverifiable', 'durable_history_is_not_contiguous'],
  'ended-early': ['continuity_unverifiable', 'durable_history_ended_before_stream_head'],
  'state-unavailable': ['persistence_unavailable', 'durable_history_state_unavailable'],
  'read-failed': ['persistence_unavailable', 'durable_history_read_failed'],
  'unreadable-entry': ['persistence_unavailable', 'durable_history_payload_projection_failed'],
};

const EXPIRED: Row = ['position_expired', 'hot_replay_expired_and_durable_history_disabled'];

/** Channels whose messages are in memory only: what memory does not know has expired. */
const VOLATILE: Record<Fault, Row> = {
  ...DURABLE,
  'other-stream': ['stream_reset', 'stream_id_mismatch'],
  trimmed: EXPIRED,
  emptied: EXPIRED,
  ahead: EXPIRED,
};

export function failureOf(app: App, channel: string, fault: Fault): Row {
  if (!keepsHistory(app, channel)) return VOLATILE[fault];
  return app.versionsEnabled ? VERSIONED[fault] : DURABLE[fault];
}

/** What the log's refusal to read on means. `isFirst`: nothing was replayed yet. */
export function faultOfGap(
  reason: 'trimmed' | 'other-stream' | 'ahead',
  { oldestSerial }: StreamState,
  isFirst: boolean,
): Fault {
  switch (reason) {
    case 'other-stream':
      return isFirst ? 'other-stream' : 'reset-meanwhile';
    case 'trimmed':
      if (!isFirst) return 'trimmed-meanwhile';
      return oldestSerial === null ? 'emptied' : 'trimmed';
    case 'ahead':
      return 'ahead';
  }
}

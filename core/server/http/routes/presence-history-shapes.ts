// What the presence history routes share: the channel that a call is about, and the JSON of states and events (http.md
// section 6; divergence D43). Members stand in the order in which they are written; what is absent is null.
import { channelKind, httpError } from '@sockudo/protocol';
import type { StreamState } from '../../ports/channel-log.ts';
import type { StreamCondition } from '../../presence-history/presence-history.ts';
import type { StoredTransition } from '../../presence-history/transition.ts';
import type { AppCall } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { channelParameter } from '../path-parameters.ts';

/**
 * The presence channel of the path, whose history is kept.
 * @throws ProtocolError 400 `invalid_input`, 422 `feature_disabled`
 */
export function presenceHistoryChannel(call: AppCall, deps: HttpDeps): string {
  const channel = channelParameter(call, deps);
  if (!channelKind(channel).isPresence) {
    throw httpError('invalid_input', 'Only presence channels support this endpoint');
  }
  if (!deps.presenceHistory.isEnabled(call.app, channel)) {
    const text = `Presence history is disabled by policy for channel '${channel}'`;
    throw httpError('feature_disabled', text);
  }
  return channel;
}

export function transitionJson(transition: StoredTransition): Record<string, unknown> {
  const { streamId, serial, publishedAtMs, payloadBytes, event } = transition;
  return {
    stream_id: streamId,
    serial,
    published_at_ms: publishedAtMs,
    event: event.event,
    cause: event.cause,
    user_id: event.user_id,
    connection_id: event.connection_id,
    dead_node_id: event.dead_node_id,
    payload_size_bytes: payloadBytes,
    presence_event: event,
  };
}

/** The retained part of a stream. */
export function availableJson(retained: StreamState): Record<string, unknown> {
  return {
    stream_id: retained.head.streamId,
    oldest_available_serial: retained.oldestSerial,
    newest_available_serial: retained.newestSerial,
    oldest_available_published_at_ms: retained.oldestPublishedAtMs,
    newest_available_published_at_ms: retained.newestPublishedAtMs,
    retained_events: retained.messages,
    retained_bytes: retained.bytes,
  };
}

export function streamStateJson({ streamId, ailment, durability }: StreamCondition): Record<string, unknown> {
  const source = durability === 'memory' ? 'in_memory' : 'durable_store';
  return {
    stream_id: streamId,
    durable_state: ailment?.state ?? 'healthy',
    continuity_proven: ailment === null,
    reset_required: ailment?.state === 'reset_required',
    reason: ailment?.reason ?? null,
    node_id: null,
    last_transition_at_ms: ailment?.sinceMs ?? null,
    authoritative_source: source,
    observed_source: source,
  };
}

/** The `stream` of state and reset. */
export function streamJson(retained: StreamState, condition: StreamCondition): Record<string, unknown> {
  return {
    stream_id: retained.head.streamId,
    next_serial: retained.head.serial + 1,
    retained: availableJson(retained),
    state: streamStateJson(condition),
  };
}

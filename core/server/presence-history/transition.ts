// One change of a presence channel's members, and the form in which the log keeps it: `event` names the change, `data` is the
// JSON text of the wire's presence_event, the same whichever store keeps it (divergence D43). Pure.
import { z } from 'zod';
import type { App } from '../apps/app.ts';
import { namespaceFor } from '../apps/channel-rules.ts';
import type { ChannelKey, EntryDraft, LogEntry, Retention } from '../ports/channel-log.ts';

const EVENTS = ['member_added', 'member_updated', 'member_removed'] as const;
export type TransitionEvent = (typeof EVENTS)[number];

const CAUSES = ['join', 'disconnect', 'orphan_cleanup', 'timeout', 'forced_disconnect'] as const;
/**
 * Why: `join` for added and updated members, `disconnect` for whoever left or vanished, `timeout` for whoever vanished and was
 * kept listed for a while, `forced_disconnect` for whoever the server sent away, `orphan_cleanup` for members of a dead node.
 */
export type TransitionCause = (typeof CAUSES)[number];

/** A change as the realtime side decides it. */
export interface Change {
  readonly event: TransitionEvent;
  readonly cause: TransitionCause;
  readonly userId: string;
  /** Socket that joined, updated or left; null where the change is about the user alone. */
  readonly connectionId: string | null;
  /** JSON text of `user_info`; null for members that left. */
  readonly info: string | null;
  readonly deadNodeId?: string;
  /** Names this one change, so that a second report of it counts as the same. Default: unlike any other change. */
  readonly dedupeKey?: string;
}

/** A change on its way into the log. */
export interface Transition extends Change {
  readonly dedupeKey: string;
  /** Milliseconds since the epoch. */
  readonly publishedAtMs: number;
}

/** A change as the log has it. */
export interface StoredTransition {
  readonly streamId: string;
  readonly serial: number;
  readonly publishedAtMs: number;
  /** UTF-8 bytes of the stored text. */
  readonly payloadBytes: number;
  readonly event: PresenceEvent;
}

const presenceEvent = z.object({
  published_at_ms: z.number(),
  event: z.enum(EVENTS),
  cause: z.enum(CAUSES),
  user_id: z.string(),
  connection_id: z.string().nullable(),
  user_info: z.unknown(),
  dead_node_id: z.string().nullable(),
  dedupe_key: z.string(),
});

/** Wire shape, members in the order in which they are written. */
export type PresenceEvent = z.infer<typeof presenceEvent>;

/** What is kept of a channel: the namespace decides where it says something, else the app (http.md section 6). */
export function presenceHistoryPolicy(
  app: App,
  channel: string,
): { readonly enabled: boolean; readonly retention: Retention } {
  return namespaceFor(app, channel)?.presenceHistory ?? app.presenceHistory;
}

/** No channel of a client can have this name: brackets are not allowed in it. */
export function transitionKey(app: App, channel: string): ChannelKey {
  return { appId: app.id, channel: `[presence-history]${channel}` };
}

export function draftOf(key: ChannelKey, transition: Transition, retention: Retention): EntryDraft {
  const { publishedAtMs, event, cause, userId, connectionId, info, deadNodeId, dedupeKey } = transition;
  const head = JSON.stringify({
    published_at_ms: publishedAtMs,
    event,
    cause,
    user_id: userId,
    connection_id: connectionId,
  });
  const tail = JSON.stringify({ dead_node_id: deadNodeId ?? null, dedupe_key: dedupeKey });
  // `info` is JSON already and goes in as it is.
  const data = `${head.slice(0, -1)},"user_info":${info ?? 'null'},${tail.slice(1)}`;
  return { key, event, data, publishedAtMs, retention };
}

/** @throws Error when the entry holds something else, which only a foreign hand in the store can cause */
export function storedTransition({ streamId, serial, publishedAtMs, data }: LogEntry): StoredTransition {
  const event = presenceEvent.parse(JSON.parse(data));
  return {
    streamId,
    serial,
    publishedAtMs,
    payloadBytes: Buffer.byteLength(data),
    // The log's time counts: it never runs backwards, and bounds by time go by it.
    event: { ...event, published_at_ms: publishedAtMs },
  };
}

/**
 * Default limits of the protocol, by name. Where an app, a namespace or the configuration may set another value the
 * docstring says so. Must not know: where a value is enforced.
 * Source: Sockudo 5.0.1, limits table; Pusher protocol where noted.
 */

/** UTF-8 bytes of a channel name; app and namespace may set their own. Violation: 4300 / 400. */
export const CHANNEL_NAME_MAX_BYTES = 200;
/** UTF-8 bytes of an event name; app may set its own. Violation: 4000 / 400 `limit_exceeded`. */
export const EVENT_NAME_MAX_BYTES = 200;
/** Nesting of objects and lists in JSON that comes from outside. Violation: 4000 / 422. */
export const JSON_DEPTH_MAX = 128;
/** Inbound WebSocket message, KiB (`websocket_max_payload_kb`). */
export const WEBSOCKET_MAX_PAYLOAD_KB = 64;
/** Silence after which a client (V1: also the server) probes, seconds; announced in connection_established. */
export const ACTIVITY_TIMEOUT_SECONDS = 120;
/** Time to answer a ping, seconds. Violation: close 4201. */
export const PONG_TIMEOUT_SECONDS = 30;
/** V2: native ping after max(this, activity timeout / 2, 5) seconds of inbound silence. */
export const V2_PING_INTERVAL_SECONDS = 30;
/** V2: close 1001 after this much inbound silence, seconds. */
export const V2_IDLE_TIMEOUT_SECONDS = 120;
/** Time to sign in where user authentication is on, seconds. Violation: close 4009. */
export const SIGN_IN_DEADLINE_SECONDS = 3600;
/** Connection attempts per IP and window (HTTP 429). */
export const CONNECT_ATTEMPTS_PER_WINDOW = 20;
/** Window of the connection attempt limit, seconds. */
export const CONNECT_ATTEMPTS_WINDOW_SECONDS = 60;
/** Inbound messages per socket and window when that limiter is switched on. Violation: 4301. */
export const MESSAGES_PER_WINDOW = 60;
/** Window of the inbound message limiter, seconds. */
export const MESSAGES_WINDOW_SECONDS = 60;
/** presence_update per second, member and channel. Violation: 4301. */
export const PRESENCE_UPDATES_PER_SECOND = 10;
/** JSON text of a presence_update, bytes. Violation: 4000. */
export const PRESENCE_UPDATE_MAX_BYTES = 1024;
/** How long an abruptly lost V2 member is still listed, seconds (V1: 0). */
export const PRESENCE_GRACE_V2_SECONDS = 15;
/** Held departures per node; beyond it members leave at once. */
export const PRESENCE_HELD_DEPARTURES_MAX = 100_000;
/** Frames waiting for one slow reader. Violation: close 4100. */
export const OUTBOX_MAX_MESSAGES = 1000;
/** Publishes waiting for one channel. Violation: 4100. */
export const PUBLISH_WAITERS_PER_CHANNEL_MAX = 4096;
/** Recovery: messages replayed at most per channel. Violation: `position_expired`. */
export const RECOVERY_MAX_MESSAGES = 100;
/** Recovery window, seconds. */
export const RECOVERY_WINDOW_SECONDS = 120;
/** Time a position waits for its channel's subscribe, seconds (divergence D33). */
export const RECOVERY_PENDING_SECONDS = 10;
/** Rows of a history page; configurable. */
export const HISTORY_PAGE_MAX = 100;
/** Default retention of durable history, seconds. */
export const HISTORY_RETENTION_SECONDS = 86_400;
/** Hard cap of `limit` in a channel_history frame. */
export const CHANNEL_HISTORY_LIMIT_MAX = 1000;
/** channel_history requests in progress per connection. Violation: 4301. */
export const CHANNEL_HISTORY_CONCURRENCY_MAX = 2;
/** Encoded bytes of a paging cursor. Violation: 4000 / 400. */
export const CURSOR_MAX_BYTES = 16_384;
/** History pages scanned for a filtered rewind. */
export const REWIND_SCAN_PAGES_MAX = 16;
/** Rows of a version list page; configurable. */
export const VERSIONS_PAGE_MAX = 100;
/** Bytes of a message or version serial. */
export const SERIAL_MAX_BYTES = 128;
/** Bytes of an annotation type. */
export const ANNOTATION_TYPE_MAX_BYTES = 256;
/** Lifetime of an idempotency receipt, seconds; configurable. */
export const IDEMPOTENCY_TTL_SECONDS = 120;
/** Bytes of an idempotency key; configurable. */
export const IDEMPOTENCY_KEY_MAX_BYTES = 128;
/** Bytes of a mutation's `op_id`. */
export const OP_ID_MAX_BYTES = 64;
/** Bytes of the `request_id` of a publish or a mutation over the socket. */
export const REQUEST_ID_MAX_BYTES = 64;
/** Lifetime of the cached event of a cache channel, seconds. */
export const CACHED_EVENT_SECONDS = 3600;
/** Tolerated difference of `auth_timestamp`, seconds, past or future. */
export const AUTH_TIMESTAMP_SKEW_SECONDS = 600;
/** HTTP body, MiB (`http_api.request_limit_in_mb`). Violation: 413. */
export const HTTP_BODY_MAX_MB = 10;
/** Whole capability token, bytes. Violation: 4009. */
export const TOKEN_MAX_BYTES = 8192;
/** Channel patterns in one token. */
export const TOKEN_PATTERNS_MAX = 100;
/** Lifetime of a token, seconds. */
export const TOKEN_LIFETIME_MAX_SECONDS = 86_400;
/** Clock skew granted to a token, seconds. */
export const TOKEN_SKEW_SECONDS = 30;
/** Time to refresh after expiry, seconds. */
export const TOKEN_EXPIRY_GRACE_SECONDS = 30;
/** Bytes of a token's client id or jti. */
export const TOKEN_ID_MAX_BYTES = 128;
/** Event names in one filter; configurable up to the hard cap. */
export const FILTER_EVENTS_MAX = 50;
/** Hard cap of the above. */
export const FILTER_EVENTS_HARD_MAX = 64;
/** Characters of an event name in a filter; configurable up to the hard cap. */
export const FILTER_EVENT_NAME_MAX = 200;
/** Hard cap of the above. */
export const FILTER_EVENT_NAME_HARD_MAX = 256;
/** Nodes of a tag filter. */
export const FILTER_NODES_MAX = 128;
/** Depth of a tag filter. */
export const FILTER_DEPTH_MAX = 16;
/** Bytes of a tag key in a filter. */
export const FILTER_KEY_MAX_BYTES = 256;
/** Bytes of a compared value. */
export const FILTER_VALUE_MAX_BYTES = 1024;
/** Values of an `in` or `nin`. */
export const FILTER_VALUES_MAX = 128;
/** Bytes of a filter expression. */
export const FILTER_EXPRESSION_MAX_BYTES = 4096;
/** AST nodes of an expression. */
export const FILTER_EXPRESSION_NODES_MAX = 256;
/** AST depth of an expression. */
export const FILTER_EXPRESSION_DEPTH_MAX = 32;
/** JSON bytes of the document an expression sees; a larger one is not delivered. */
export const FILTER_DOCUMENT_MAX_BYTES = 65_536;
/** Frames below this size are never sent as deltas, bytes. */
export const DELTA_MIN_BYTES = 100;
/** Deltas between two full frames. */
export const DELTA_FULL_INTERVAL = 10;
/** Shutdown grace, seconds. */
export const SHUTDOWN_GRACE_SECONDS = 10;

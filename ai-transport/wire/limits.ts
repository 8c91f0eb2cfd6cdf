/**
 * Limits of AI Transport, by name, with their defaults. Where the configuration may set another value the docstring names the key.
 * Must not know: where a value is enforced.
 */

/** Keys of `extras.ai.transport`, and of `extras.ai.codec`. Violation: 104001. */
export const HEADER_KEYS_MAX = 32;
/** UTF-8 bytes of a header key. Violation: 104001. */
export const HEADER_KEY_MAX_BYTES = 64;
/** UTF-8 bytes of a transport value; `max_transport_value_bytes` raises it. Violation: 104001. */
export const TRANSPORT_VALUE_MAX_BYTES = 256;
/** The same of `steer-codec-message-ids`; `max_steer_codec_message_ids_bytes` raises it. */
export const STEER_IDS_MAX_BYTES = 2048;
/** Steers that one output names; a publisher keeps the newest. */
export const STEER_IDS_MAX = 32;
/** UTF-8 bytes of a codec value. Violation: 104001. */
export const CODEC_VALUE_MAX_BYTES = 256;
/** The same of `providerMetadata`. */
export const PROVIDER_METADATA_MAX_BYTES = 8192;
/** UTF-8 bytes of a `message_id` on an AI channel. Violation: 104001. */
export const AI_MESSAGE_ID_MAX_BYTES = 64;

/** Bytes of one message, appended text included (`max_accumulated_message_bytes`). Violation: 40009. */
export const ACCUMULATED_MESSAGE_MAX_BYTES = 1_048_576;
/** Appends to one message (`max_appends_per_message`). Violation: 40009. */
export const APPENDS_PER_MESSAGE_MAX = 4096;
/** Messages of a channel whose status is `streaming` (`max_open_streaming_messages_per_channel`). Violation: 40009. */
export const OPEN_STREAMS_PER_CHANNEL_MAX = 1024;
/** Silence after which a streaming message is given up, milliseconds (`rollup.orphan_ttl_ms`). */
export const ORPHAN_TTL_MS = 60_000;
/** Time over which appends are gathered into one frame, milliseconds (`rollup.default_window_ms`). */
export const ROLLUP_WINDOW_MS = 40;
/** Windows that a connection may ask for, milliseconds. */
export const ROLLUP_WINDOWS_MS: readonly number[] = [0, 20, 40, 100, 500];

/** JSON bytes of a run record. Violation: the event that would make it larger is refused. */
export const RUN_RECORD_MAX_BYTES = 8192;
/** The same after an input: a run that was accepted can also start. */
export const RUN_RECORD_INPUT_MAX_BYTES = 4096;
/** The same after a start: a run that was started can also end. */
export const RUN_RECORD_START_MAX_BYTES = 6144;
/** Inputs that wait inside one run; fewer where their ids are long. Violation: refused with `follow_ups_full`. */
export const FOLLOW_UPS_MAX = 16;
/** Times a run is claimed before it counts as lost. */
export const RUN_ATTEMPTS_MAX = 3;
/** How long a claim lasts without a heartbeat, milliseconds. */
export const RUN_LEASE_MS = 15_000;
/** JSON bytes of a worker's id. Violation: its claim is refused. */
export const WORKER_ID_MAX_BYTES = 128;

/** What an operator may raise. */
export interface HeaderLimits {
  /** Default {@link TRANSPORT_VALUE_MAX_BYTES}; never less. */
  readonly transportValueBytes: number;
  /** Default {@link STEER_IDS_MAX_BYTES}; never less. */
  readonly steerIdsBytes: number;
}

export const DEFAULT_HEADER_LIMITS: HeaderLimits = {
  transportValueBytes: TRANSPORT_VALUE_MAX_BYTES,
  steerIdsBytes: STEER_IDS_MAX_BYTES,
};

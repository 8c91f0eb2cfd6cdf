// The `ai_transport` section. Names and defaults: ai-transport-wire.md section 2.
import { z } from 'zod';
import { flag, integer, positive, text } from './fields.ts';

/** Rollup windows a connection may ask for (realtime.md section 1.1). */
export const ROLLUP_WINDOWS_MS = [0, 20, 40, 100, 500] as const;

export const aiTransport = z
  .strictObject({
    enabled: flag(
      'Treat channels with a prefix below as AI channels; needs history and versioned messages',
    ).default(false),
    channels: z
      .array(z.strictObject({ prefix: text('Channels that begin so are AI channels').min(1) }))
      .default([]),
    max_accumulated_message_bytes: positive('Largest message grown by appends, in bytes').default(
      1024 * 1024,
    ),
    max_appends_per_message: positive('Most appends to one message').default(4096),
    max_open_streaming_messages_per_channel: positive('Most unfinished messages of one channel').default(
      1024,
    ),
    max_transport_value_bytes: integer('Longest transport header, in bytes', 256).default(256),
    max_steer_codec_message_ids_bytes: integer('Longest list of steered messages, in bytes', 2048).default(
      2048,
    ),
    rollup: z
      .strictObject({
        enabled: flag('Send appends of a short time together').default(true),
        default_window_ms: integer(
          'Window unless a connection asks for another: 0, 20, 40, 100 or 500 ms',
          0,
        ).default(40),
        min_window_ms: integer('Smallest window a connection may ask for, in ms', 0).default(0),
        max_window_ms: integer('Largest window a connection may ask for, in ms', 0).default(500),
        orphan_ttl_ms: positive('Silence after which an unfinished message is ended, in ms').default(60_000),
        wheel_tick_ms: positive('Resolution of the timer, in ms').default(5),
        shards: positive('Accepted for compatibility').default(64),
      })
      .prefault({}),
  })
  .prefault({});

// A message as the frame of one delivery class: what each protocol sees of it.
import { type Extras, encodeExtras, encodeV1, encodeV2, withPrefixOf } from '@sockudo/protocol';
import type { Message } from '../ports/message.ts';
import { type DeliveryClass, frameOf, V1_TEXT } from './wire-format.ts';

export interface FrameOptions {
  /** Protocol 2 frames carry the publisher's tags (`tag_filtering.enable_tags`). */
  readonly tagsInFrames: boolean;
}

export function encodeMessage(message: Message, deliveryClass: DeliveryClass, options: FrameOptions): Buffer {
  return frameOf(deliveryClass, deliveryClass === V1_TEXT ? v1Text(message) : v2Text(message, options));
}

function v1Text(message: Message): string {
  const { channel, data, userId } = message;
  return encodeV1({ event: withPrefixOf(1, message.event), channel, data, userId });
}

function v2Text(message: Message, options: FrameOptions): string {
  const { channel, data, name, userId, messageId, position } = message;
  const extras = withVersionHeaders(message);
  return encodeV2({
    event: withPrefixOf(2, message.event),
    channel,
    data,
    name,
    userId,
    tags: options.tagsInFrames ? message.tags : undefined,
    messageId,
    streamId: position?.streamId,
    serial: position?.serial,
    extras: extras === undefined ? undefined : encodeExtras(extras),
  });
}

function withVersionHeaders(message: Message): Extras | undefined {
  const { version, extras } = message;
  if (version === undefined) return extras;
  return {
    ...extras,
    headers: {
      ...extras?.headers,
      sockudo_action: `message.${version.action}`,
      sockudo_message_serial: version.messageSerial,
      sockudo_version_serial: version.versionSerial,
      sockudo_version_timestamp_ms: version.timestampMs,
      sockudo_history_serial: version.historySerial,
      ...(version.createMessageId !== undefined && { sockudo_create_message_id: version.createMessageId }),
    },
  };
}

// A message as the frame of one delivery class: what each protocol sees of it.
import { type Extras, encodeExtras, encodeV1, encodeV2, withPrefixOf } from '@sockudo/protocol';
import { withVersionHeaders } from '../messages/version-headers.ts';
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

/** The frame of protocol 2 as JSON text: what the JSON format sends, and the base of deltas in every format. */
export function v2Text(message: Message, options: FrameOptions): string {
  const { channel, data, name, userId, messageId, position } = message;
  const extras = extrasOf(message);
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

const extrasOf = ({ version, extras }: Message): Extras | undefined =>
  version === undefined ? extras : withVersionHeaders(extras, version);

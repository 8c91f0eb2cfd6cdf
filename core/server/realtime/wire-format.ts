// Finished frames in the format that a connection negotiated. JSON text is the native form; the binary formats of protocol 2
// are made from it, once for each message and class.
import {
  type ClientFrame,
  encodeBinaryFrame,
  parseBinaryClientFrame,
  parseClientFrame,
  type WireFormat,
} from '@sockudo/protocol';
import { eventBlock } from './event-block.ts';
import { binaryFrame, textFrame } from './websocket-frame.ts';

/**
 * The ways in which one message can look on the wire. A message is encoded once for every class that has a subscriber and
 * the same buffer is queued on all of them.
 */
export const V1_TEXT = 0;
export const V2_TEXT = 1;
export const V2_MESSAGEPACK = 2;
export const V2_PROTOBUF = 3;
/** Blocks of Server-Sent Events in place of WebSocket frames. */
export const V2_EVENTS = 4;
export type DeliveryClass =
  | typeof V1_TEXT
  | typeof V2_TEXT
  | typeof V2_MESSAGEPACK
  | typeof V2_PROTOBUF
  | typeof V2_EVENTS;
export const DELIVERY_CLASSES = 5;

/**
 * A message's frame for one delivery class and append mode: the class, or with append_mode=full the class plus their number.
 * Only messages with a form of their own for that mode are encoded apart.
 */
export type FrameClass = number;
export const FRAME_CLASSES = 2 * DELIVERY_CLASSES;

/** Protocol 1 gets no versions, so it has no append mode. */
export function frameClassOf(deliveryClass: DeliveryClass, appendMode: 'delta' | 'full'): FrameClass {
  return appendMode === 'full' && deliveryClass !== V1_TEXT
    ? deliveryClass + DELIVERY_CLASSES
    : deliveryClass;
}

export function deliveryClassOf(protocol: 1 | 2, format: WireFormat): DeliveryClass {
  if (protocol === 1) return V1_TEXT;
  switch (format) {
    case 'json':
      return V2_TEXT;
    case 'msgpack':
      return V2_MESSAGEPACK;
    case 'protobuf':
      return V2_PROTOBUF;
  }
}

/** `text`: the frame as JSON. */
export function frameOf(deliveryClass: DeliveryClass, text: string): Buffer {
  switch (deliveryClass) {
    case V1_TEXT:
    case V2_TEXT:
      return textFrame(text);
    case V2_MESSAGEPACK:
      return binaryFrame(encodeBinaryFrame('msgpack', text));
    case V2_PROTOBUF:
      return binaryFrame(encodeBinaryFrame('protobuf', text));
    case V2_EVENTS:
      return eventBlock(text);
  }
}

/** Reads an inbound frame, text or binary, in the connection's format. @throws ProtocolError 4000 */
export function parseInbound(deliveryClass: DeliveryClass, bytes: Buffer): ClientFrame {
  switch (deliveryClass) {
    case V1_TEXT:
    case V2_TEXT:
    case V2_EVENTS:
      return parseClientFrame(bytes.toString('utf8'));
    case V2_MESSAGEPACK:
      return parseBinaryClientFrame('msgpack', bytes);
    case V2_PROTOBUF:
      return parseBinaryClientFrame('protobuf', bytes);
  }
}

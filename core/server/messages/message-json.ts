// Messages as they are read back over HTTP and sockets: one version with its serials beside the envelope, or the message as it
// was published where it has no versions. Texts are pasted together, so that no payload is parsed on its way and a page of
// many rows costs little more than its bytes (http.md 5.2, 7).
import { encodeV2 } from '@sockudo/protocol';
import type { LogEntry } from '../ports/channel-log.ts';
import { type ShownVersion, versionOf } from './shown-version.ts';
import { extrasTextWith } from './version-headers.ts';

/**
 * Encodes versions of one channel.
 * @param streamId named in answers over a socket only, as recorded
 */
export function versionEncoder(channel: string, streamId?: string): (shown: ShownVersion) => string {
  const channelText = `"channel":${JSON.stringify(channel)}`;
  const streamText = streamId === undefined ? '' : `,"stream_id":${JSON.stringify(streamId)}`;
  return (shown) => {
    const { action, name, data, deliverySerial, historySerial, messageSerial, versionSerial } = shown;
    const message = JSON.stringify(messageSerial);
    const version = versionSerial === messageSerial ? message : JSON.stringify(versionSerial);
    let text = `{"event":"sockudo:message.${action}",${channelText}`;
    if (data !== null) text += `,"data":${data}`;
    if (name !== null) text += `,"name":${JSON.stringify(name)}`;
    return (
      `${text}${streamText},"serial":${deliverySerial},"extras":${extrasText(shown, message, version)},` +
      `"action":"${action}","message_serial":${message},"history_serial":${historySerial},` +
      `"delivery_serial":${deliverySerial},"version":${versionText(shown, version)}}`
    );
  };
}

/** A single version. */
export const encodeVersion = (shown: ShownVersion): string => versionEncoder(shown.channel)(shown);

/** The serials are given as JSON texts. */
function extrasText(shown: ShownVersion, messageSerial: string, versionSerial: string): string {
  if (shown.extras !== undefined) return extrasTextWith(shown.extras, versionOf(shown));
  const { action, timestampMs, historySerial, createMessageId } = shown;
  const create =
    action === 'create' || createMessageId === undefined
      ? ''
      : `,"sockudo_create_message_id":${JSON.stringify(createMessageId)}`;
  return (
    `{"headers":{"sockudo_action":"message.${action}","sockudo_message_serial":${messageSerial},` +
    `"sockudo_version_serial":${versionSerial},"sockudo_version_timestamp_ms":${timestampMs},` +
    `"sockudo_history_serial":${historySerial}${create}}}`
  );
}

function versionText({ clientId, timestampMs, description, metadata }: ShownVersion, serial: string): string {
  let text = `{"serial":${serial}`;
  if (clientId !== undefined) text += `,"client_id":${JSON.stringify(clientId)}`;
  text += `,"timestamp_ms":${timestampMs}`;
  if (description !== undefined) text += `,"description":${JSON.stringify(description)}`;
  if (metadata !== undefined) text += `,"metadata":${metadata}`;
  return `${text}}`;
}

/**
 * UTF-8 bytes of a version's text. Counted from its parts: asking for the bytes of the text would copy it once more, which a page
 * of many rows would pay for twice.
 */
export function versionBytes(text: string, shown: ShownVersion): number {
  const { channel, name, data, extras, clientId, description, metadata, createMessageId } = shown;
  let bytes = text.length + beyondAscii(channel);
  if (data !== null) bytes += beyondAscii(data);
  if (name !== null) bytes += beyondAscii(name);
  for (const part of [extras, clientId, description, metadata])
    if (part !== undefined) bytes += beyondAscii(part);
  return shown.action === 'create' || createMessageId === undefined
    ? bytes
    : bytes + beyondAscii(createMessageId);
}

const beyondAscii = (text: string): number => Buffer.byteLength(text) - text.length;

/** A message without versions, as protocol 2 saw it live. */
export function encodePlain(entry: LogEntry): string {
  const text = encodeV2({
    event: entry.event,
    channel: entry.key.channel,
    data: entry.data,
    userId: entry.userId,
    messageId: entry.messageId,
    streamId: entry.streamId,
    serial: entry.serial,
    extras: entry.extras,
  });
  // Tags are kept as their JSON text, which the envelope's encoder would want parsed.
  return entry.tags === undefined ? text : `${text.slice(0, -1)},"tags":${entry.tags}}`;
}

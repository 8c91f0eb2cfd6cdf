// Messages as they are read back over HTTP and sockets: one version with its serials beside the envelope, or the message as it
// was published where it has no versions. JSON texts are pasted in, so that no payload is parsed on its way (http.md 5.2, 7).
import { encodeV2 } from '@sockudo/protocol';
import type { LogEntry } from '../ports/channel-log.ts';
import type { ShownVersion } from './shown-version.ts';
import { versionOf } from './shown-version.ts';
import { extrasTextWith } from './version-headers.ts';

/** `streamId`: named in answers over a socket only, as recorded. */
export function encodeVersion(shown: ShownVersion, streamId?: string): string {
  const { channel, action, name, data, deliverySerial, historySerial } = shown;
  const envelope = encodeV2({
    event: `sockudo:message.${action}`,
    channel,
    data: data ?? undefined,
    name: name ?? undefined,
    streamId,
    serial: deliverySerial,
    extras: extrasTextWith(shown.extras, versionOf(shown)),
  });
  return (
    `${envelope.slice(0, -1)},"action":"${action}","message_serial":${JSON.stringify(shown.messageSerial)},` +
    `"history_serial":${historySerial},"delivery_serial":${deliverySerial},"version":${versionText(shown)}}`
  );
}

function versionText(shown: ShownVersion): string {
  const { versionSerial, clientId, timestampMs, description, metadata } = shown;
  let text = `{"serial":${JSON.stringify(versionSerial)}`;
  if (clientId !== undefined) text += `,"client_id":${JSON.stringify(clientId)}`;
  text += `,"timestamp_ms":${timestampMs}`;
  if (description !== undefined) text += `,"description":${JSON.stringify(description)}`;
  if (metadata !== undefined) text += `,"metadata":${metadata}`;
  return `${text}}`;
}

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

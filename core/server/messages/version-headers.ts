// The headers by which protocol 2 tells a version of a message (`extras.headers.sockudo_*`): the same in frames and in what is
// read back, and always those of the version that is shown (divergences D31, D43).
import { type Extras, encodeExtras, parseExtras } from '@sockudo/protocol';
import type { MessageVersion } from '../ports/message.ts';

type Headers = NonNullable<Extras['headers']>;

export function versionHeaders(version: MessageVersion): Headers {
  return {
    sockudo_action: `message.${version.action}`,
    sockudo_message_serial: version.messageSerial,
    sockudo_version_serial: version.versionSerial,
    sockudo_version_timestamp_ms: version.timestampMs,
    sockudo_history_serial: version.historySerial,
    ...(version.createMessageId !== undefined && { sockudo_create_message_id: version.createMessageId }),
  };
}

export function withVersionHeaders(extras: Extras | undefined, version: MessageVersion): Extras {
  return { ...extras, headers: { ...extras?.headers, ...versionHeaders(version) } };
}

/** The same from the JSON text that a log keeps to the JSON text that a reader gets. */
export function extrasTextWith(extras: string | undefined, version: MessageVersion): string {
  if (extras === undefined) return `{"headers":${JSON.stringify(versionHeaders(version))}}`;
  return encodeExtras(withVersionHeaders(storedExtras(extras), version));
}

/** Extras as they were stored: checked when they came in. */
export function storedExtras(text: string): Extras | undefined {
  return parseExtras(JSON.parse(text));
}

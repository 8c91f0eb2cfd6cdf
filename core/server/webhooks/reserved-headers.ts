// Header names that the configuration of a webhook may not give: those the server sets itself, and those that say how the
// request is carried. Upstream sends such a header twice; the config check refuses it (divergence D68).

/** Lowercase. */
export const RESERVED_WEBHOOK_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  'x-pusher-key',
  'x-pusher-signature',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110 5.1 and 5.6.2: a token. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 5.5: visible characters, spaces and tabs, also those above ASCII that a header can carry as bytes. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What is wrong with a configured header, or null. The text never repeats the value, which may be a secret. */
export function webhookHeaderFault(name: string, value: string): string | null {
  if (!HEADER_NAME.test(name)) return `'${name}' is not a header name`;
  if (RESERVED_WEBHOOK_HEADERS.has(name.toLowerCase())) return `header '${name}' is set by the server`;
  if (!HEADER_VALUE.test(value)) return `header '${name}' has a value that no header can carry`;
  return null;
}

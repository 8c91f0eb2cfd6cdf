/**
 * What a filter sees of a message: the same document whether the message is live, rewound or resumed (divergence D39).
 * Made once a message and shared by all subscriptions; the document for expressions is built only when one asks for it.
 * Must not know: filters.
 */
import { FILTER_DOCUMENT_MAX_BYTES } from './limits.ts';
import { utf8Length } from './text.ts';

/** The facts of a message. */
export interface FilterFields {
  /** The publisher's event name. */
  readonly event: string;
  /** Event of the frame, where that is the platform's word for a version of the message; event lists may name either. */
  readonly frameEvent?: string | undefined;
  readonly channel: string;
  /** JSON text of `data` as it stands in frames; undefined = none. */
  readonly data?: string | undefined;
  readonly name?: string | undefined;
  readonly userId?: string | undefined;
  readonly tags?: { readonly [key: string]: string } | undefined;
  readonly headers?: { readonly [key: string]: string | number | boolean } | undefined;
  readonly messageId?: string | undefined;
  readonly streamId?: string | undefined;
  readonly serial?: number | undefined;
  /** `message.create`, … */
  readonly action?: string | undefined;
}

/** A message as filters see it. */
export interface FilterMessage {
  readonly event: string;
  readonly frameEvent: string | undefined;
  /** The value of a tag, or undefined. */
  tag(key: string): string | undefined;
  /** The document expressions see, or null when it is larger than 64 KiB of JSON. Built at most once. */
  document(): unknown;
}

/** A message for any number of filters. Keep it no longer than the fan-out of that message. */
export function createFilterMessage(fields: FilterFields): FilterMessage {
  let built = false;
  let document: unknown = null;
  const { event, frameEvent, tags } = fields;
  return {
    event,
    frameEvent,
    tag: (key) => (tags !== undefined && Object.hasOwn(tags, key) ? tags[key] : undefined),
    document() {
      if (!built) {
        document = buildDocument(fields);
        built = true;
      }
      return document;
    },
  };
}

function buildDocument(fields: FilterFields): unknown {
  const { event, channel, name, userId, tags, messageId, streamId, serial, action } = fields;
  if ((fields.data?.length ?? 0) > FILTER_DOCUMENT_MAX_BYTES) return null;
  // Through JSON and back: absent members vanish, and nothing an expression does can reach the message itself.
  const text = JSON.stringify({
    event,
    channel,
    data: fields.data === undefined ? undefined : JSON.parse(fields.data),
    name,
    userId,
    tags,
    headers: visibleHeaders(fields.headers),
    messageId,
    streamId,
    serial,
    action,
  });
  return utf8Length(text) > FILTER_DOCUMENT_MAX_BYTES ? null : JSON.parse(text);
}

/** Headers without the server's own `sockudo_*` ones. */
function visibleHeaders(headers: FilterFields['headers']): FilterFields['headers'] {
  if (headers === undefined) return undefined;
  return Object.fromEntries(Object.entries(headers).filter(([key]) => !key.startsWith('sockudo_')));
}

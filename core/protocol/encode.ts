/**
 * Outbound frames as JSON text. `data` and `extras` are given as JSON text and pasted in, so that a payload is never parsed
 * or stringified again on its way. Member order is fixed: delta bases are compared byte by byte.
 * Must not know: who receives a frame.
 * Sources: Sockudo 5.0.1 envelope order, divergence D8.
 */

/** Envelope of a V1 frame: everything V1 clients ever see. */
export interface V1Envelope {
  readonly event: string;
  readonly channel?: string | undefined;
  /** JSON text (a quoted string for STR data). */
  readonly data?: string | undefined;
  readonly userId?: string | undefined;
}

/** Envelope of a V2 frame. */
export interface V2Envelope extends V1Envelope {
  /** The publisher's event name, on mutation frames. */
  readonly name?: string | undefined;
  readonly tags?: { readonly [key: string]: string } | undefined;
  readonly messageId?: string | undefined;
  readonly streamId?: string | undefined;
  readonly serial?: number | undefined;
  /** JSON text; see encodeExtras. */
  readonly extras?: string | undefined;
  /** `__delta_seq`, on full frames of a delta stream. */
  readonly deltaSeq?: number | undefined;
  /** `__conflation_key`, beside `__delta_seq`. */
  readonly conflationKey?: string | undefined;
}

/** Text of a V1 frame: event, channel, data, user_id. */
export function encodeV1(envelope: V1Envelope): string {
  let text = `{"event":${JSON.stringify(envelope.event)}`;
  if (envelope.channel !== undefined) text += `,"channel":${JSON.stringify(envelope.channel)}`;
  if (envelope.data !== undefined) text += `,"data":${envelope.data}`;
  if (envelope.userId !== undefined) text += `,"user_id":${JSON.stringify(envelope.userId)}`;
  return `${text}}`;
}

/** Text of a V2 frame, members in envelope order, tags sorted by key. */
export function encodeV2(envelope: V2Envelope): string {
  let text = `{"event":${JSON.stringify(envelope.event)}`;
  if (envelope.channel !== undefined) text += `,"channel":${JSON.stringify(envelope.channel)}`;
  if (envelope.data !== undefined) text += `,"data":${envelope.data}`;
  if (envelope.name !== undefined) text += `,"name":${JSON.stringify(envelope.name)}`;
  if (envelope.userId !== undefined) text += `,"user_id":${JSON.stringify(envelope.userId)}`;
  if (envelope.tags !== undefined) text += `,"tags":${encodeTags(envelope.tags)}`;
  if (envelope.messageId !== undefined) text += `,"message_id":${JSON.stringify(envelope.messageId)}`;
  if (envelope.streamId !== undefined) text += `,"stream_id":${JSON.stringify(envelope.streamId)}`;
  if (envelope.serial !== undefined) text += `,"serial":${envelope.serial}`;
  if (envelope.extras !== undefined) text += `,"extras":${envelope.extras}`;
  if (envelope.deltaSeq !== undefined) text += `,"__delta_seq":${envelope.deltaSeq}`;
  if (envelope.conflationKey !== undefined)
    text += `,"__conflation_key":${JSON.stringify(envelope.conflationKey)}`;
  return `${text}}`;
}

/** JSON text of tags, keys in ascending order (an object literal would move keys like "1" to the front anyway). */
export function encodeTags(tags: { readonly [key: string]: string }): string {
  let text = '{';
  for (const key of Object.keys(tags).sort()) {
    text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${JSON.stringify(tags[key])}`;
  }
  return `${text}}`;
}

/** JSON text of a string that itself holds JSON: the STR kind of data. */
export const asStringData = (jsonText: string): string => JSON.stringify(jsonText);

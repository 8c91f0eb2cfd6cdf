/**
 * Events that are complete at once, in the words of the channel: those that Sockudo's own codec reads, so that its clients can show
 * them, too. It takes any word but those and `data-…` for an error. Must not know: who publishes them, text that streams.
 */
import { PROVIDER_METADATA_MAX_BYTES } from '../wire/limits.ts';
import { cutBytes, utf8Length } from '../wire/text.ts';
import type { WireHeaders } from '../wire/transport-headers.ts';
import { ModelError } from './errors.ts';
import type { FinishReason, ModelEvent, ModelUsage, ProviderMetadata } from './events.ts';

/** An output of a run. */
export interface Wording {
  readonly type: string;
  readonly data: unknown;
  readonly codec: WireHeaders;
}

/** UTF-8 bytes of a codec value that only people read, or that is an id. */
const VALUE_MAX_BYTES = 256;
/** JSON bytes of a provider's event that is kept. */
const PROVIDER_DATA_MAX_BYTES = 64 * 1024;

/** What is kept of events that this version does not know. */
export const PROVIDER_EVENT = 'data-provider-event';
/** Metadata that no header has room for. */
export const PROVIDER_METADATA = 'data-provider-metadata';

/** Said to the model where a person gives no reason. */
export const DENIED = 'The user did not allow this call.';

type Discrete = Exclude<
  ModelEvent,
  { readonly type: `${'text' | 'reasoning' | 'tool-input'}-${string}` | 'usage' | 'finish' }
>;

/** @throws ModelError `provider_error` for ids that no header has room for */
export function wordingOf(event: Discrete): Wording {
  switch (event.type) {
    case 'tool-output':
      return toolOutput(event);
    case 'tool-approval-request': {
      const { toolCallId, approvalId } = event;
      return {
        type: event.type,
        data: { type: event.type, toolCallId, approvalId },
        codec: { 'tool-call-id': idValue(toolCallId), 'approval-id': idValue(approvalId) },
      };
    }
    case 'source':
      return source(event);
    case 'file':
      return { type: 'file', data: event.url, codec: { 'media-type': textValue(event.mediaType) } };
    case 'data':
      return dataOf(event);
    case 'response': {
      const { type: _, ...response } = event;
      return messageMetadata({ response });
    }
    case 'provider':
      return providerEvent(event);
  }
}

function toolOutput(event: Discrete & { readonly type: 'tool-output' }): Wording {
  const { toolCallId, output, isError = false, providerExecuted = false } = event;
  const codec = {
    'tool-call-id': idValue(toolCallId),
    ...(providerExecuted && { 'provider-executed': 'true' }),
  };
  // Data that is absent cannot be told from data that was never there.
  if (!isError) return { type: 'tool-output-available', data: output ?? null, codec };
  const errorText = typeof output === 'string' ? output : JSON.stringify(output ?? '');
  return { type: 'tool-output-error', data: { type: 'tool-output-error', toolCallId, errorText }, codec };
}

function source(event: Discrete & { readonly type: 'source' }): Wording {
  const { kind, url = '', title, mediaType, metadata } = event;
  const sourceId = textValue(event.sourceId);
  const codec = {
    'source-id': sourceId,
    ...(title !== undefined && { title: textValue(title) }),
    ...(mediaType !== undefined && { 'media-type': textValue(mediaType) }),
    ...metadataHeaders(metadata).codec,
  };
  if (kind === 'url') return { type: 'source-url', data: url, codec };
  const data = { type: 'source-document', sourceId, mediaType, title, ...(url !== '' && { url }) };
  return { type: 'source-document', data, codec };
}

const DATA_NAME = /^[a-z0-9-]{1,40}$/;

function dataOf({ name, data, id, transient = false }: Discrete & { readonly type: 'data' }): Wording {
  if (!DATA_NAME.test(name)) throw new TypeError('The name of data must be of a-z, 0-9 and -, at most 40');
  const codec = { ...(id !== undefined && { id: idValue(id) }), ...(transient && { transient: 'true' }) };
  return { type: `data-${name}`, data: data ?? null, codec };
}

function providerEvent({ provider, name, data }: Discrete & { readonly type: 'provider' }): Wording {
  const bytes = utf8Length(JSON.stringify(data) ?? '');
  const kept = bytes <= PROVIDER_DATA_MAX_BYTES ? { data } : { omittedBytes: bytes };
  return { type: PROVIDER_EVENT, data: { provider, name, ...kept }, codec: { transient: 'true' } };
}

/** Tokens of one call of the model. */
export const usageWording = (usage: ModelUsage): Wording => messageMetadata({ usage });

/** Its data is what readers of the AI SDK's words merge into the metadata of the message. */
function messageMetadata(metadata: Readonly<Record<string, unknown>>): Wording {
  const text = JSON.stringify(metadata);
  const fits = utf8Length(text) <= VALUE_MAX_BYTES;
  return {
    type: 'message-metadata',
    data: { type: 'message-metadata', messageMetadata: metadata },
    codec: fits ? { 'message-metadata': text } : {},
  };
}

/** The AI SDK's word, for readers who know only those. */
const FINISH_WORDS: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool-calls',
  'content-filter': 'content-filter',
  refusal: 'content-filter',
  pause: 'other',
  other: 'other',
};

/** The end of the message, or of one of several calls of the model that it is made of. */
export function finishWording(
  type: 'finish' | 'finish-step',
  reason: FinishReason,
  rawReason: string | undefined,
): Wording {
  const finishReason = FINISH_WORDS[reason] ?? 'other';
  return {
    type,
    data: { type, finishReason, reason, ...(rawReason !== undefined && { rawReason }) },
    codec: { 'finish-reason': finishReason },
  };
}

/** Metadata of a part: as a header, or where it is too long for one, as an output of its own that names the part. */
export function metadataHeaders(
  metadata: ProviderMetadata | undefined,
  part: WireHeaders = {},
): { readonly codec: WireHeaders; readonly separate?: Wording } {
  if (metadata === undefined || Object.keys(metadata).length === 0) return { codec: {} };
  const text = JSON.stringify(metadata);
  if (utf8Length(text) <= PROVIDER_METADATA_MAX_BYTES) return { codec: { providerMetadata: text } };
  const separate = { type: PROVIDER_METADATA, data: metadata, codec: { ...part, transient: 'true' } };
  return { codec: {}, separate };
}

export const textValue = (text: string): string => cutBytes(text, VALUE_MAX_BYTES);

/** An id that was cut would be another one. */
export function idValue(id: string): string {
  if (cutBytes(id, VALUE_MAX_BYTES) === id) return id;
  throw new ModelError('provider_error', `An id of the provider has more than ${VALUE_MAX_BYTES} bytes`);
}

/**
 * From the parts of a message in the channel to what it says. Runs everywhere, for agents as for pages. Must not know: where the parts
 * were read, any provider.
 */
import type { WireHeaders } from '../wire/transport-headers.ts';
import type { Content, ContentPart } from './content.ts';
import type { FinishReason, ProviderMetadata } from './events.ts';
import { DENIED, PROVIDER_EVENT, PROVIDER_METADATA } from './wording.ts';

/**
 * The pieces of a message, in their order. Parts that say nothing of a model's (an application's own outputs, steps) are left out;
 * what cannot be read, too.
 * @param message with `parts` as agents and sessions have them
 */
export function contentOf({ parts }: { readonly parts: readonly ContentPart[] }): readonly Content[] {
  const pieces: Content[] = [];
  const places = new Map<string, number>();
  for (const part of parts) {
    if (part.codec.type === PROVIDER_METADATA) {
      giveMetadata(pieces, places, part);
      continue;
    }
    const found = piecesOf(part);
    const key = found[0] === undefined ? undefined : keyOf(found[0], part.codec);
    if (key !== undefined) places.set(key, pieces.length);
    pieces.push(...found);
  }
  return pieces;
}

/** Only text and calls have metadata that may come apart from them. */
function keyOf(piece: Content, codec: WireHeaders): string | undefined {
  if (piece.type === 'tool-call') return `call ${piece.toolCallId}`;
  if (piece.type !== 'text' && piece.type !== 'reasoning') return undefined;
  return codec.id === undefined ? undefined : `part ${codec.id}`;
}

function giveMetadata(pieces: Content[], places: ReadonlyMap<string, number>, part: ContentPart): void {
  const { id, 'tool-call-id': call } = part.codec;
  const place = places.get(call === undefined ? `part ${id}` : `call ${call}`);
  const piece = place === undefined ? undefined : pieces[place];
  const metadata = objectOf(part) as ProviderMetadata | undefined;
  if (place === undefined || piece === undefined || metadata === undefined) return;
  // CAST: only pieces that may have metadata have a place.
  pieces[place] = { ...piece, metadata } as Content;
}

function piecesOf(part: ContentPart): readonly Content[] {
  const named = part.codec.type ?? defaultType(part);
  // Names of data are the application's, also those that end like a word of a stream.
  const type = named.startsWith('data-') ? named : named.replace(/-(start|delta|end|available)$/, '');
  if (type.startsWith('data-')) return [dataPiece(type, part)].flatMap((piece) => piece ?? []);
  const read = READERS[type];
  if (read === undefined) return [];
  return [read(part)].flat().flatMap((piece) => piece ?? []);
}

/** Of an input that says nothing about itself. Messages of the AI SDK's form are taken apart. */
function defaultType(part: ContentPart): string {
  const value = objectOf(part);
  if (Array.isArray(value?.parts)) return 'ui-message';
  const { type = '' } = value ?? {};
  if (typeof type === 'string' && INPUT_TYPES.has(type)) return type;
  const isInput = part.isInput ?? part.type === 'input';
  return isInput || value === undefined ? 'text' : '';
}

/** What a session of Sockudo's own says in the data, and not in the headers. */
const INPUT_TYPES: ReadonlySet<string> = new Set([
  'tool-result',
  'tool-result-error',
  'tool-approval-response',
]);

type Read = (part: ContentPart) => Content | readonly Content[] | undefined;

const READERS: Readonly<Record<string, Read>> = {
  text: (part) => ({ type: 'text', text: textOf(part), ...metadataOf(part) }),
  reasoning: (part) => ({ type: 'reasoning', text: textOf(part), ...metadataOf(part) }),
  'tool-input': toolCall,
  'tool-output': (part) => toolOutput(part, valueIn(part), false),
  'tool-output-error': (part) => toolOutput(part, objectOf(part)?.errorText ?? valueIn(part), true),
  'tool-output-denied': (part) =>
    toolOutput(part, objectOf(part)?.reason ?? part.codec.reason ?? DENIED, true),
  'tool-result': (part) => toolOutput(part, objectOf(part)?.output ?? null, false),
  'tool-result-error': (part) => toolOutput(part, objectOf(part)?.message ?? '', true),
  'tool-approval-request': approvalRequest,
  'tool-approval-response': approvalResponse,
  'source-url': (part) => sourceOf(part, 'url'),
  'source-document': (part) => sourceOf(part, 'document'),
  file: (part) => ({
    type: 'file',
    url: textOf(part),
    mediaType: part.codec['media-type'] ?? 'application/octet-stream',
    ...optional('filename', part.codec.filename),
  }),
  'message-metadata': metadataPieces,
  finish: (part) => finishOf(part, false),
  'finish-step': (part) => finishOf(part, true),
  'user-part': (part) => uiPart(objectOf(part)?.part),
  'ui-message': (part) => {
    const { parts } = objectOf(part) ?? {};
    return Array.isArray(parts) ? parts.flatMap((each) => uiPart(each) ?? []) : undefined;
  },
};

function toolCall(part: ContentPart): Content | undefined {
  const { 'tool-call-id': toolCallId, 'tool-name': toolName = '' } = part.codec;
  if (toolCallId === undefined) return undefined;
  return {
    type: 'tool-call',
    toolCallId,
    toolName,
    inputText: textOf(part),
    providerExecuted: part.codec['provider-executed'] === 'true',
    isComplete: (part.status ?? 'complete') === 'complete',
    ...metadataOf(part),
  };
}

function toolOutput(part: ContentPart, output: unknown, isError: boolean): Content | undefined {
  const toolCallId = callIdOf(part);
  if (toolCallId === undefined) return undefined;
  const providerExecuted = part.codec['provider-executed'] === 'true';
  return { type: 'tool-output', toolCallId, output, isError, providerExecuted };
}

/** In the headers, or where a session of Sockudo's own published it, in the data. */
function callIdOf(part: ContentPart): string | undefined {
  const { 'tool-call-id': kebab, toolCallId = kebab } = part.codec;
  return toolCallId ?? stringOf(objectOf(part)?.toolCallId);
}

function approvalRequest(part: ContentPart): Content | undefined {
  const toolCallId = callIdOf(part);
  const approvalId = part.codec['approval-id'] ?? stringOf(objectOf(part)?.approvalId);
  if (toolCallId === undefined || approvalId === undefined) return undefined;
  return { type: 'tool-approval-request', toolCallId, approvalId };
}

function approvalResponse(part: ContentPart): Content | undefined {
  const toolCallId = callIdOf(part);
  const { approved, approvalId, reason } = objectOf(part) ?? {};
  const { approved: header } = part.codec;
  if (toolCallId === undefined) return undefined;
  return {
    type: 'tool-approval-response',
    toolCallId,
    approved: header === undefined ? approved === true : header === 'true',
    ...optional('approvalId', part.codec['approval-id'] ?? stringOf(approvalId)),
    ...optional('reason', part.codec.reason ?? stringOf(reason)),
  };
}

function sourceOf(part: ContentPart, kind: 'url' | 'document'): Content {
  const { 'source-id': sourceId = '', title, 'media-type': mediaType } = part.codec;
  const url = kind === 'url' ? textOf(part) : stringOf(objectOf(part)?.url);
  return {
    type: 'source',
    sourceId,
    kind,
    ...optional('url', url),
    ...optional('title', title),
    ...optional('mediaType', mediaType),
    ...metadataOf(part),
  };
}

function dataPiece(type: string, part: ContentPart): Content | undefined {
  if (type === PROVIDER_EVENT) {
    const { provider, name, ...rest } = objectOf(part) ?? {};
    if (typeof provider !== 'string' || typeof name !== 'string') return undefined;
    return { type: 'provider', provider, name, data: 'data' in rest ? rest.data : rest };
  }
  return {
    type: 'data',
    name: type.slice('data-'.length),
    data: valueIn(part),
    ...optional('id', part.codec.id),
  };
}

function metadataPieces(part: ContentPart): readonly Content[] {
  const { messageMetadata } = objectOf(part) ?? {};
  if (typeof messageMetadata !== 'object' || messageMetadata === null) return [];
  // CAST: any object may be read member by member; each is checked.
  const { usage, response } = messageMetadata as Record<string, unknown>;
  const found: Content[] = [];
  if (isObject(usage)) found.push({ type: 'usage', usage });
  if (isObject(response) && typeof response.provider === 'string') {
    const { provider, id, model } = response;
    found.push({
      type: 'response',
      provider,
      ...optional('id', stringOf(id)),
      ...optional('model', stringOf(model)),
    });
  }
  return found;
}

const REASONS: ReadonlySet<unknown> = new Set<FinishReason>([
  'stop',
  'length',
  'tool-calls',
  'content-filter',
  'refusal',
  'pause',
  'other',
]);

function finishOf(part: ContentPart, isStep: boolean): Content | undefined {
  const { reason, finishReason = part.codec['finish-reason'], rawReason } = objectOf(part) ?? {};
  const found = reason ?? finishReason;
  if (found === undefined) return undefined;
  // CAST: it is one of them.
  const known = REASONS.has(found) ? (found as FinishReason) : 'other';
  return { type: 'finish', reason: known, isStep, ...optional('rawReason', stringOf(rawReason)) };
}

/** A part of a message of the AI SDK's, as users send them. */
function uiPart(part: unknown): Content | undefined {
  if (!isObject(part)) return undefined;
  const { type, text, url, mediaType, filename } = part;
  if (type === 'text' && typeof text === 'string') return { type: 'text', text };
  if (type !== 'file' || typeof url !== 'string') return undefined;
  return {
    type: 'file',
    url,
    mediaType: stringOf(mediaType) ?? 'application/octet-stream',
    ...optional('filename', stringOf(filename)),
  };
}

function metadataOf({ codec }: ContentPart): { readonly metadata?: ProviderMetadata } {
  const text = codec.providerMetadata ?? codec['provider-metadata'];
  const metadata = text === undefined ? undefined : parsed(text);
  // CAST: it is written from metadata, and by nobody else.
  return isObject(metadata) ? { metadata: metadata as ProviderMetadata } : {};
}

const textOf = ({ data, text = data ?? '' }: ContentPart): string => text;

function valueIn(part: ContentPart): unknown {
  const text = textOf(part);
  const value = parsed(text);
  return value === undefined ? text : value;
}

function objectOf(part: ContentPart): Readonly<Record<string, unknown>> | undefined {
  const text = textOf(part);
  const value = text.startsWith('{') ? parsed(text) : undefined;
  return isObject(value) ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function optional<Key extends string>(
  key: Key,
  value: string | undefined,
): { readonly [Name in Key]?: string } {
  // CAST: a computed key loses its type.
  return value === undefined ? {} : ({ [key]: value } as { readonly [Name in Key]?: string });
}

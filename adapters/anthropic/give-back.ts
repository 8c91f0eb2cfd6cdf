/** Pieces of a conversation as blocks of a request. Must not know: turns. */
import type { Content } from '@sockudo/ai-transport/model';
import { citationsOf } from './citations.ts';
import { isObject, type JsonMap, objectOf, PROVIDER, textOf } from './json.ts';

type Piece<Type extends Content['type']> = Extract<Content, { readonly type: Type }>;

const ownMetadata = ({ metadata }: { readonly metadata?: Readonly<Record<string, unknown>> }): JsonMap => {
  const own = metadata?.[PROVIDER];
  return isObject(own) ? own : {};
};

export function textBlock(piece: Piece<'text'>): JsonMap {
  const citations = citationsOf(ownMetadata(piece).citations);
  return { type: 'text', text: piece.text, ...(citations.length > 0 && { citations }) };
}

/** Null: thinking that another model did, or that was cut off; without a signature it is refused. */
export function reasoningBlock(piece: Piece<'reasoning'>): JsonMap | null {
  const { signature, redactedData } = ownMetadata(piece);
  if (typeof redactedData === 'string') return { type: 'redacted_thinking', data: redactedData };
  if (typeof signature !== 'string') return null;
  return { type: 'thinking', thinking: piece.text, signature };
}

export function toolBlock(piece: Piece<'tool-call'>): JsonMap {
  const type = piece.providerExecuted ? 'server_tool_use' : 'tool_use';
  const input = objectOf(piece.inputText) ?? { invalid_json: piece.inputText };
  return { type, ...ownMetadata(piece), id: piece.toolCallId, name: piece.toolName, input };
}

export function resultBlock(toolCallId: string, output: unknown, isError: boolean): JsonMap {
  const isWhole = Array.isArray(output) && output.length > 0 && output.every(isBlock);
  const content = isWhole || typeof output === 'string' ? output : (JSON.stringify(output) ?? '');
  return { type: 'tool_result', tool_use_id: toolCallId, content, ...(isError && { is_error: true }) };
}

const RESULT_CONTENT: ReadonlySet<unknown> = new Set([
  'text',
  'image',
  'document',
  'search_result',
  'tool_reference',
]);

/** A tool may answer in the API's own blocks, with pictures. */
const isBlock = (value: unknown): boolean => isObject(value) && RESULT_CONTENT.has(value.type);

/** The output is the block itself; of an error, its text. Null: it is none of Anthropic's. */
export function serverResultBlock(toolCallId: string, output: unknown): JsonMap | null {
  const block = typeof output === 'string' ? objectOf(output) : output;
  if (!isObject(block) || !textOf(block.type).endsWith('tool_result')) return null;
  return { ...block, tool_use_id: toolCallId };
}

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,(.*)$/s;
const IMAGES = /^image\/(?:png|jpeg|gif|webp)$/;

/** What the API takes no file of this kind as, is named, so that the model knows of it. */
export function fileBlock({ url, mediaType, filename }: Piece<'file'>): JsonMap {
  const isRead = IMAGES.test(mediaType) || mediaType === 'application/pdf';
  // Where it is to be fetched, the API sees of which kind it is.
  const isPicture = mediaType === 'image/*' && /^https?:/.test(url);
  const source = isRead || isPicture ? sourceOf(url, mediaType) : null;
  if (source !== null && mediaType !== 'application/pdf') return { type: 'image', source };
  const title = filename === undefined ? {} : { title: filename };
  if (source !== null) return { type: 'document', source, ...title };
  const text = mediaType.startsWith('text/') ? textOfDataUrl(url) : null;
  if (text === null) return { type: 'text', text: `[A file: ${filename ?? 'without a name'}, ${mediaType}]` };
  return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text }, ...title };
}

function sourceOf(url: string, mediaType: string): JsonMap | null {
  if (/^https?:/.test(url)) return { type: 'url', url };
  const [, , , base64, data] = DATA_URL.exec(url) ?? [];
  return base64 === undefined ? null : { type: 'base64', media_type: mediaType, data };
}

function textOfDataUrl(url: string): string | null {
  const [, , , base64, data = ''] = DATA_URL.exec(url) ?? [];
  if (data === '') return null;
  try {
    if (base64 === undefined) return decodeURIComponent(data);
    return new TextDecoder().decode(Uint8Array.from(atob(data), (char) => char.charCodeAt(0)));
  } catch {
    return null;
  }
}

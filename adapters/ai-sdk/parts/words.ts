/**
 * Chunks that are complete at once, in the words of the channel: those that Sockudo's own codec for the AI SDK reads, so that its
 * clients can show them. What those words, or the limits of headers, have no room for is kept whole beside them.
 * Must not know: text that grows, who publishes.
 */
import { type AnyChunk, isObject, isSameJson, jsonOf, parsed, stringOf } from './chunk.ts';

export interface Wording {
  readonly type: string;
  readonly data: unknown;
  readonly codec: Readonly<Record<string, string>>;
}

type Codec = Readonly<Record<string, string>>;
type Members = Readonly<Record<string, unknown>>;

/** A chunk as it is, for readers who know it; others take it for data that passes. */
export const WHOLE_CHUNK = 'data-ui-chunk';
/** Of other adapters: metadata of a part that no header has room for. */
export const PART_METADATA = 'data-provider-metadata';

const VALUE_MAX_BYTES = 256;
const METADATA_MAX_BYTES = 8192;

/** Members that stand in headers: name, header, and how they are written. */
const HEADERS: readonly (readonly [member: string, header: string, kind: 'text' | 'flag' | 'json'])[] = [
  ['toolCallId', 'tool-call-id', 'text'],
  ['toolName', 'tool-name', 'text'],
  ['id', 'id', 'text'],
  ['title', 'title', 'text'],
  ['sourceId', 'source-id', 'text'],
  ['mediaType', 'media-type', 'text'],
  ['filename', 'filename', 'text'],
  ['approvalId', 'approval-id', 'text'],
  ['inputEncoding', 'input-encoding', 'text'],
  ['dynamic', 'dynamic', 'flag'],
  ['providerExecuted', 'provider-executed', 'flag'],
  ['preliminary', 'preliminary', 'flag'],
  ['transient', 'transient', 'flag'],
  ['toolMetadata', 'tool-metadata', 'json'],
  ['providerMetadata', 'providerMetadata', 'json'],
];

/** Header names of other publishers for the same. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  providerMetadata: ['provider-metadata'],
  'tool-call-id': ['toolCallId'],
  'tool-name': ['toolName'],
  'approval-id': ['approvalId'],
  'provider-executed': ['providerExecuted'],
};

/** Members as headers; null where one does not fit. */
export function headersOf(members: Members): Codec | null {
  const codec: Record<string, string> = {};
  for (const [member, header, kind] of HEADERS) {
    const value = members[member];
    if (value === undefined) continue;
    const text =
      kind === 'json' ? JSON.stringify(value) : kind === 'flag' ? `${value === true}` : stringOf(value);
    const max = header === 'providerMetadata' ? METADATA_MAX_BYTES : VALUE_MAX_BYTES;
    if (text === undefined || new TextEncoder().encode(text).length > max) return null;
    codec[header] = text;
  }
  return codec;
}

/** The other way round. */
export function membersOf(codec: Codec): Members {
  const members: Record<string, unknown> = {};
  for (const [member, header, kind] of HEADERS) {
    const text = headerOf(codec, header);
    if (text === undefined) continue;
    const value = kind === 'json' ? parsed(text) : kind === 'flag' ? text === 'true' : text;
    if (value !== undefined) members[member] = value;
  }
  return members;
}

function headerOf(codec: Codec, header: string): string | undefined {
  for (const name of [header, ...(OTHER_NAMES[header] ?? [])])
    if (codec[name] !== undefined) return codec[name];
  return undefined;
}

/** Member that stands as the data of a word; absent: the whole chunk does. */
const DATA_MEMBER: Readonly<Record<string, string>> = {
  'tool-input-available': 'input',
  'tool-output-available': 'output',
  'source-url': 'url',
  file: 'url',
  'reasoning-file': 'url',
};

const WHOLE: ReadonlySet<string> = new Set([
  'tool-input-error',
  'tool-output-error',
  'tool-output-denied',
  'tool-approval-request',
  'source-document',
  'custom',
  'start',
  'start-step',
  'finish-step',
  'finish',
  'message-metadata',
]);

/** How a chunk is published. */
export function wordingOf(chunk: AnyChunk): Wording {
  const wording = wordOf(chunk);
  if (wording !== null) {
    const text = typeof wording.data === 'string' ? wording.data : JSON.stringify(wording.data);
    // Whatever would not be read as it was said is kept whole.
    if (isSameJson(chunkOfWord({ type: wording.type, ...wording.codec }, text), chunk)) return wording;
  }
  return wholeWording(chunk);
}

export const wholeWording = (chunk: AnyChunk): Wording => ({
  type: WHOLE_CHUNK,
  data: chunk,
  codec: { transient: 'true' },
});

function wordOf(chunk: AnyChunk): Wording | null {
  const { type, ...members } = chunk;
  if (type.startsWith('data-')) {
    const { data = null, ...rest } = members;
    const codec = headersOf(rest);
    return codec === null || type === WHOLE_CHUNK ? null : { type, data, codec };
  }
  if (type === 'tool-approval-response') return approvalResponse(members);
  const member = DATA_MEMBER[type];
  if (member !== undefined) {
    const { [member]: data = null, ...rest } = members;
    const codec = headersOf(rest);
    return codec === null ? null : { type, data, codec };
  }
  if (!WHOLE.has(type)) return null;
  const codec = headersOf(pick(members, ['toolCallId', 'toolName', 'approvalId', 'sourceId', 'mediaType']));
  return codec === null ? null : { type, data: chunk, codec };
}

function approvalResponse({ approvalId, approved, reason, ...rest }: Members): Wording | null {
  const codec = headersOf({ approvalId, ...rest });
  if (codec === null) return null;
  const data = { approvalId, approved, ...(reason !== undefined && { reason }) };
  return { type: 'tool-approval-response', data, codec: { ...codec, approved: String(approved) } };
}

const pick = (members: Members, names: readonly string[]): Members =>
  Object.fromEntries(names.flatMap((name) => (members[name] === undefined ? [] : [[name, members[name]]])));

/** What something says that came at once; null: nothing that this reader knows, or nothing for a message. */
export function chunkOfWord(codec: Codec, text: string): AnyChunk | null {
  const { type = '' } = codec;
  const object = objectOf(text);
  if (type === WHOLE_CHUNK) return isChunk(object) ? object : null;
  const members = membersOf(codec);
  if (type.startsWith('data-')) {
    const { id, transient } = members;
    return {
      type,
      data: jsonOf(text),
      ...(id !== undefined && { id }),
      ...(transient === true && { transient }),
    };
  }
  switch (type) {
    case 'tool-result':
      return callChunk('tool-output-available', object, members, { output: object?.output ?? null });
    case 'tool-result-error':
      return callChunk('tool-output-error', object, members, { errorText: stringOf(object?.message) ?? '' });
    case 'tool-approval-response':
      return approvalChunk(codec, object, members);
    case 'tool-input-available':
    case 'tool-output-available':
    case 'source-url':
    case 'file':
    case 'reasoning-file':
      return dataChunk(type, text, members);
    default:
      return WHOLE.has(type) ? wholeChunk(type, object, members) : null;
  }
}

function dataChunk(type: string, text: string, members: Members): AnyChunk | null {
  if (type.startsWith('tool-') && members.toolCallId === undefined) return null;
  const member = DATA_MEMBER[type] ?? '';
  const value = member === 'url' ? text : jsonOf(text);
  const { id: _, ...rest } = members;
  return { type, ...rest, [member]: value };
}

function wholeChunk(type: string, object: Members | undefined, members: Members): AnyChunk | null {
  const said = object?.type === type ? object : {};
  const { id: _, ...rest } = members;
  const chunk: AnyChunk = { ...rest, ...said, type };
  const needsCall = type.startsWith('tool-') && stringOf(chunk.toolCallId) === undefined;
  return needsCall ? null : chunk;
}

function callChunk(
  type: string,
  object: Members | undefined,
  members: Members,
  more: Members,
): AnyChunk | null {
  const toolCallId = members.toolCallId ?? stringOf(object?.toolCallId);
  return toolCallId === undefined ? null : { type, toolCallId, ...more };
}

function approvalChunk(codec: Codec, object: Members | undefined, members: Members): AnyChunk | null {
  const { id: _, toolCallId = stringOf(object?.toolCallId), ...rest } = members;
  const approvalId = rest.approvalId ?? stringOf(object?.approvalId);
  if (approvalId === undefined && toolCallId === undefined) return null;
  const approved = codec.approved === undefined ? object?.approved === true : codec.approved === 'true';
  const reason = stringOf(object?.reason) ?? codec.reason;
  return {
    type: 'tool-approval-response',
    ...rest,
    ...(approvalId !== undefined && { approvalId }),
    ...(approvalId === undefined && { toolCallId }),
    approved,
    ...(reason !== undefined && { reason }),
  };
}

const isChunk = (value: unknown): value is AnyChunk => isObject(value) && typeof value.type === 'string';

const objectOf = (text: string): Members | undefined => {
  const value = text.startsWith('{') ? parsed(text) : undefined;
  return isObject(value) ? value : undefined;
};

/** What a user says, in the words of the protocol and in those of a session. Must not know: messages around it. */
import type { ContentPart } from '@ag-ui/core';
import type { Content } from '@sockudo/ai-transport/model';

type File = Extract<Content, { readonly type: 'file' }>;

/** Text where there is nothing else. */
export function contentOfUser(pieces: readonly Content[]): string | ContentPart[] {
  const parts = pieces.flatMap((piece): ContentPart[] => {
    if (piece.type === 'text') return [{ type: 'text', text: piece.text }];
    return piece.type === 'file' ? [filePart(piece)] : [];
  });
  if (parts.some(({ type }) => type !== 'text')) return parts;
  return parts.map((part) => ('text' in part ? part.text : '')).join('');
}

function filePart({ url, mediaType, filename }: File): ContentPart {
  const [, mimeType = mediaType, value] = /^data:([^;,]*);base64,(.*)$/s.exec(url) ?? [];
  const source =
    value === undefined
      ? ({ type: 'url', value: url, mimeType } as const)
      : ({ type: 'data', value, mimeType: mimeType || mediaType } as const);
  const [kind] = mediaType.split('/');
  const type = kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'document';
  return { type, source, ...(filename !== undefined && { metadata: { filename } }) };
}

/**
 * The same for a session: a text, or where there are files, a message of the AI SDK's form, which workers read with `contentOf`. Files that only
 * their provider knows are left out.
 */
export function sayingOf(content: string | readonly ContentPart[]): unknown {
  if (typeof content === 'string') return content;
  if (content.every(({ type }) => type === 'text'))
    return content.map((part) => ('text' in part ? part.text : '')).join('');
  return { role: 'user', parts: content.flatMap((part) => uiPart(part) ?? []) };
}

function uiPart(part: ContentPart): object | null {
  if (part.type === 'text') return { type: 'text', text: part.text };
  const { type, value, mimeType = `${part.type}/*` } = part.source;
  if (type === 'file') return null;
  const url = type === 'url' ? value : `data:${mimeType};base64,${value}`;
  const filename: unknown = part.metadata?.filename;
  return { type: 'file', url, mediaType: mimeType, ...(typeof filename === 'string' && { filename }) };
}

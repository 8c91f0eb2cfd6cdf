/** Citations of Anthropic's as sources. Must not know: which text they belong to. */
import type { ModelEvent } from '@sockudo/ai-transport/model';
import { isObject, type JsonMap, PROVIDER, textOf } from './json.ts';

/** @param citation as the provider sent it; all of it is kept in the source's metadata */
export function sourceOf(citation: JsonMap, sourceId: string): ModelEvent {
  const url = urlOf(citation);
  const title = textOf(citation.title) || textOf(citation.document_title);
  return {
    type: 'source',
    sourceId,
    kind: url === undefined ? 'document' : 'url',
    ...(url !== undefined && { url }),
    ...(title !== '' && { title }),
    metadata: { [PROVIDER]: { citation } },
  };
}

/** Search results of the application's own name a URL where they have one. */
function urlOf({ type, url, source }: JsonMap): string | undefined {
  const address = type === 'search_result_location' ? textOf(source) : textOf(url);
  return /^https?:\/\//.test(address) ? address : undefined;
}

/** Citations as a request takes them back: of an answer they hold more than that. */
export function citationsOf(value: unknown): JsonMap[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map(({ file_id: _answerOnly, ...citation }) => citation);
}

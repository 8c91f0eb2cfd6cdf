/** Items of a response that are neither text nor thought: calls, and what the provider did by itself. Must not know: the stream. */
import type { ModelEvent, ProviderMetadata } from '@sockudo/ai-transport/model';
import { type Json, present, textOf, without } from './json.ts';

/** Calls that the application answers. */
const OWN_CALLS: ReadonlySet<unknown> = new Set(['function_call', 'custom_tool_call']);

export const isOwnCall = ({ type }: Json): boolean => OWN_CALLS.has(type);

/** `web_search_call`, `code_interpreter_call` and whatever else the provider runs. */
export const isProviderCall = ({ type }: Json): boolean =>
  typeof type === 'string' && type.endsWith('_call') && !OWN_CALLS.has(type);

export const providerToolName = ({ type }: Json): string => String(type).replace(/_call$/, '');

/** What is said of a call of the application's when it is complete. */
export function ownCallEnd(item: Json): ModelEvent {
  const isCustom = item.type === 'custom_tool_call';
  const id = textOf(item.id);
  const metadata: ProviderMetadata = {
    openai: { ...(id !== undefined && { itemId: id }), ...(isCustom && { isCustom }) },
  };
  return {
    type: 'tool-input-end',
    toolCallId: callIdOf(item),
    toolName: textOf(item.name) ?? '',
    inputText: textOf(isCustom ? item.input : item.arguments) ?? '',
    ...(Object.keys(metadata.openai ?? {}).length > 0 && { metadata }),
  };
}

export const callIdOf = (item: Json): string => textOf(item.call_id) ?? textOf(item.id) ?? '';

const PICTURES: ReadonlySet<string> = new Set(['result']);
const INPUTS: ReadonlySet<string> = new Set([
  'action',
  'queries',
  'code',
  'arguments',
  'name',
  'server_label',
]);
const NOT_OUTPUT: ReadonlySet<string> = new Set([...INPUTS, 'id', 'type', 'result']);

/** What the provider asked itself, and what came of it. Pictures become files. */
export function* providerCallEnd(item: Json): Generator<ModelEvent> {
  const toolCallId = callIdOf(item);
  const toolName = providerToolName(item);
  const input = present(Object.fromEntries([...INPUTS].map((name) => [name, item[name]])));
  yield {
    type: 'tool-input-end',
    toolCallId,
    toolName,
    inputText: JSON.stringify(input),
    metadata: { openai: { item: without(item, PICTURES) } },
  };
  const picture = item.type === 'image_generation_call' ? textOf(item.result) : undefined;
  if (picture !== undefined && picture !== '') {
    const mediaType = `image/${textOf(item.output_format) ?? 'png'}`;
    yield { type: 'file', mediaType, url: `data:${mediaType};base64,${picture}` };
  }
  const isError = item.status === 'failed';
  const output = isError ? (textOf(item.error) ?? 'failed') : without(item, NOT_OUTPUT);
  yield { type: 'tool-output', toolCallId, output, ...(isError && { isError }), providerExecuted: true };
}

/** A citation in a text; null: one of an unknown kind. */
export function sourceOf(annotation: Json, sourceId: string): ModelEvent | null {
  const { type } = annotation;
  const title = textOf(annotation.title) ?? textOf(annotation.filename);
  const url = textOf(annotation.url);
  const named = { sourceId, ...(title !== undefined && { title }) };
  if (type === 'url_citation' && url !== undefined) return { type: 'source', kind: 'url', ...named, url };
  const fileId = textOf(annotation.file_id);
  if (fileId === undefined) return null;
  const containerId = textOf(annotation.container_id);
  const metadata = { openai: { fileId, ...(containerId !== undefined && { containerId }) } };
  return { type: 'source', kind: 'document', ...named, metadata };
}

/**
 * One content block of a message while it streams. Its start opens it, deltas add to it, its stop closes it. Must not know: messages,
 * other blocks.
 */
import type { ModelEvent, ProviderMetadata } from '@sockudo/ai-transport/model';
import { sourceOf } from './citations.ts';
import { isObject, type JsonMap, PROVIDER, textOf } from './json.ts';

export interface Block {
  start(): ModelEvent[];
  /** Null: a delta that this block does not know. */
  delta(delta: JsonMap): ModelEvent[] | null;
  stop(): ModelEvent[];
}

/** Null: a block of a kind that this version does not know. @param id unique within the message */
export function blockOf(block: JsonMap, id: string): Block | null {
  const type = textOf(block.type);
  if (type === 'text') return new TextBlock(id, block);
  if (type === 'thinking') return new ThinkingBlock(id, block);
  if (type === 'redacted_thinking') return new RedactedBlock(id, block);
  // Tools that come later, and those of the beta, are named by the same rule.
  if (type.endsWith('tool_use')) return new ToolBlock(block);
  if (type.endsWith('tool_result')) return new ResultBlock(block);
  return null;
}

const metadataOf = (values: JsonMap): { metadata?: ProviderMetadata } =>
  Object.keys(values).length === 0 ? {} : { metadata: { [PROVIDER]: values } };

class TextBlock implements Block {
  readonly #id: string;
  readonly #first: JsonMap;
  /** As the provider wants them back. */
  readonly #citations: JsonMap[] = [];

  constructor(id: string, first: JsonMap) {
    this.#id = id;
    this.#first = first;
  }

  start(): ModelEvent[] {
    const { text, citations } = this.#first;
    const cited = Array.isArray(citations) ? citations.filter(isObject).map((one) => this.#cite(one)) : [];
    return [{ type: 'text-start', id: this.#id }, ...this.#said(text), ...cited];
  }

  delta(delta: JsonMap): ModelEvent[] | null {
    if (delta.type === 'text_delta') return this.#said(delta.text);
    if (delta.type === 'citations_delta' && isObject(delta.citation)) return [this.#cite(delta.citation)];
    return null;
  }

  stop(): ModelEvent[] {
    const citations = this.#citations;
    return [{ type: 'text-end', id: this.#id, ...metadataOf(citations.length === 0 ? {} : { citations }) }];
  }

  #said(text: unknown): ModelEvent[] {
    return textOf(text) === '' ? [] : [{ type: 'text-delta', id: this.#id, text: textOf(text) }];
  }

  #cite(citation: JsonMap): ModelEvent {
    this.#citations.push(citation);
    return sourceOf(citation, `${this.#id}-${this.#citations.length}`);
  }
}

class ThinkingBlock implements Block {
  readonly #id: string;
  readonly #first: JsonMap;
  #signature: string;

  constructor(id: string, first: JsonMap) {
    this.#id = id;
    this.#first = first;
    this.#signature = textOf(first.signature);
  }

  start(): ModelEvent[] {
    return [{ type: 'reasoning-start', id: this.#id }, ...this.#thought(this.#first.thinking)];
  }

  delta(delta: JsonMap): ModelEvent[] | null {
    if (delta.type === 'thinking_delta') return this.#thought(delta.thinking);
    if (delta.type !== 'signature_delta') return null;
    this.#signature += textOf(delta.signature);
    return [];
  }

  stop(): ModelEvent[] {
    const signature = this.#signature;
    return [{ type: 'reasoning-end', id: this.#id, ...metadataOf(signature === '' ? {} : { signature }) }];
  }

  #thought(text: unknown): ModelEvent[] {
    return textOf(text) === '' ? [] : [{ type: 'reasoning-delta', id: this.#id, text: textOf(text) }];
  }
}

/** Thinking that nobody may read, but that has to go back. */
class RedactedBlock implements Block {
  readonly #id: string;
  readonly #data: string;

  constructor(id: string, { data }: JsonMap) {
    this.#id = id;
    this.#data = textOf(data);
  }

  start(): ModelEvent[] {
    return [{ type: 'reasoning-start', id: this.#id }];
  }

  delta(): null {
    return null;
  }

  stop(): ModelEvent[] {
    return [{ type: 'reasoning-end', id: this.#id, ...metadataOf({ redactedData: this.#data }) }];
  }
}

class ToolBlock implements Block {
  readonly #toolCallId: string;
  readonly #toolName: string;
  readonly #first: JsonMap;
  #input = '';

  constructor(first: JsonMap) {
    this.#first = first;
    this.#toolCallId = textOf(first.id);
    this.#toolName = textOf(first.name);
  }

  start(): ModelEvent[] {
    const providerExecuted = this.#first.type !== 'tool_use';
    return [
      {
        type: 'tool-input-start',
        toolCallId: this.#toolCallId,
        toolName: this.#toolName,
        ...(providerExecuted && { providerExecuted }),
      },
    ];
  }

  delta(delta: JsonMap): ModelEvent[] | null {
    if (delta.type !== 'input_json_delta') return null;
    const text = textOf(delta.partial_json);
    this.#input += text;
    return text === '' ? [] : [{ type: 'tool-input-delta', toolCallId: this.#toolCallId, text }];
  }

  stop(): ModelEvent[] {
    const toolCallId = this.#toolCallId;
    // A call without arguments streams nothing, and one that came whole has them in its start.
    const whole = this.#input === '' ? JSON.stringify(this.#first.input ?? {}) : '';
    const inputText = this.#input + whole;
    const { id: _id, name: _name, input: _input, type, ...rest } = this.#first;
    const isPlain = type === 'tool_use' || type === 'server_tool_use';
    const kept = { ...withoutDefaults(rest), ...(!isPlain && { type }) };
    return [
      ...(whole === '' ? [] : [{ type: 'tool-input-delta', toolCallId, text: whole } as const]),
      { type: 'tool-input-end', toolCallId, toolName: this.#toolName, inputText, ...metadataOf(kept) },
    ];
  }
}

/** A caller that is the model itself goes without saying. */
const withoutDefaults = (block: JsonMap): JsonMap =>
  Object.fromEntries(
    Object.entries(block).filter(
      ([key, value]) => value !== null && !(key === 'caller' && isObject(value) && value.type === 'direct'),
    ),
  );

/** What a tool of the provider's came to. The output is the block as it came, since that is how it has to go back. */
class ResultBlock implements Block {
  readonly #block: JsonMap;

  constructor(block: JsonMap) {
    this.#block = block;
  }

  start(): ModelEvent[] {
    const { tool_use_id: id, ...output } = this.#block;
    const { content, is_error: isMarked } = this.#block;
    const isError = isMarked === true || (isObject(content) && textOf(content.type).endsWith('_error'));
    return [
      {
        type: 'tool-output',
        toolCallId: textOf(id),
        output,
        ...(isError && { isError }),
        providerExecuted: true,
      },
    ];
  }

  delta(): null {
    return null;
  }

  stop(): ModelEvent[] {
    return [];
  }
}

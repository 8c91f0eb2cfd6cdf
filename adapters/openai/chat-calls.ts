/**
 * Calls of tools as Chat Completions streams them: piece by piece, told apart by their index, with id and name on the first piece. Some
 * servers leave the index out, or use the same for all. Must not know: anything else of a chunk.
 */
import type { ModelEvent, ProviderMetadata } from '@sockudo/ai-transport/model';
import { isEmpty, type Json, numberOf, objectOf, textOf, without } from './json.ts';

interface Call {
  readonly id: string;
  name: string;
  text: string;
  isStarted: boolean;
  /** Fields that this version does not know: given back with the call. */
  fields: Json;
}

const FIELDS: ReadonlySet<string> = new Set(['index', 'id', 'type', 'function']);
/** Calls of one answer. */
const CALLS_MAX = 128;

export class ChatCalls {
  readonly #calls: Call[] = [];
  readonly #byIndex = new Map<number, Call>();

  get any(): boolean {
    return this.#calls.length > 0;
  }

  *next(piece: Json): Generator<ModelEvent> {
    const { name, arguments: input } = objectOf(piece.function);
    const call = this.#callOf(piece, textOf(name));
    if (call === null) return;
    call.name ||= textOf(name) ?? '';
    call.fields = { ...call.fields, ...without(piece, FIELDS) };
    if (!call.isStarted) {
      call.isStarted = true;
      yield { type: 'tool-input-start', toolCallId: call.id, toolName: call.name };
    }
    // Some send the whole input as an object.
    const text = textOf(input) ?? (input === undefined || input === null ? '' : JSON.stringify(input));
    if (text === '') return;
    call.text += text;
    yield { type: 'tool-input-delta', toolCallId: call.id, text };
  }

  /** @param wasCut the model ran out of tokens: a call that is no JSON is not complete */
  *end(wasCut: boolean): Generator<ModelEvent> {
    for (const { id, name, text, fields } of this.#calls) {
      if (wasCut && !isJson(text)) continue;
      const metadata: ProviderMetadata = { openai: { fields } };
      yield {
        type: 'tool-input-end',
        toolCallId: id,
        toolName: name,
        inputText: text,
        ...(!isEmpty(fields) && { metadata }),
      };
    }
  }

  #callOf(piece: Json, name: string | undefined): Call | null {
    const index = numberOf(piece.index);
    const id = textOf(piece.id) || undefined;
    const known = index === undefined ? this.#sameOrLast(id, name) : this.#byIndex.get(index);
    // Another id under the same index is another call.
    if (known !== undefined && (id === undefined || id === known.id)) return known;
    if (this.#calls.length >= CALLS_MAX) return null;
    const call: Call = {
      id: id ?? `call_${crypto.randomUUID()}`,
      name: '',
      text: '',
      isStarted: false,
      fields: {},
    };
    this.#calls.push(call);
    if (index !== undefined) this.#byIndex.set(index, call);
    return call;
  }

  /** Without an index: a piece with a name begins a call. */
  #sameOrLast(id: string | undefined, name: string | undefined): Call | undefined {
    if (id !== undefined) return this.#calls.find((call) => call.id === id);
    return name === undefined ? this.#calls.at(-1) : undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

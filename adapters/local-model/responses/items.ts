// The items that a response consists of, and the events that tell how they grow. Must not know: when, to whom.
import { newId, type Part } from '../stream/play.ts';

type Status = 'in_progress' | 'completed' | 'incomplete';

/** An event without its number. */
export interface ItemEvent {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** One item of `output`: begins empty, grows, is done. */
export class OutputItem {
  readonly id: string;
  readonly #part: Part;
  readonly #index: number;
  #text = '';
  #status: Status = 'in_progress';

  constructor(part: Part, index: number) {
    this.#part = part;
    this.#index = index;
    this.id = newId({ reasoning: 'rs', text: 'msg', call: 'fc' }[part.kind]);
  }

  /** As it stands now. */
  get value(): object {
    const part = this.#part;
    const text = this.#text;
    const head = { id: this.id, status: this.#status };
    if (part.kind === 'reasoning') {
      return { ...head, type: 'reasoning', summary: text === '' ? [] : [{ type: 'summary_text', text }] };
    }
    if (part.kind === 'call') {
      return { ...head, type: 'function_call', call_id: part.id, name: part.name, arguments: text };
    }
    return { ...head, type: 'message', role: 'assistant', content: text === '' ? [] : [textPart(text)] };
  }

  begin(): ItemEvent[] {
    const added = { type: 'response.output_item.added', output_index: this.#index, item: this.value };
    if (this.#part.kind === 'reasoning') {
      return [
        added,
        this.#event('response.reasoning_summary_part.added', { summary_index: 0, part: summaryPart('') }),
      ];
    }
    if (this.#part.kind === 'call') return [added];
    return [added, this.#event('response.content_part.added', { content_index: 0, part: textPart('') })];
  }

  grow(delta: string): ItemEvent {
    this.#text += delta;
    if (this.#part.kind === 'reasoning') {
      return this.#event('response.reasoning_summary_text.delta', { summary_index: 0, delta });
    }
    if (this.#part.kind === 'call') return this.#event('response.function_call_arguments.delta', { delta });
    return this.#event('response.output_text.delta', { content_index: 0, delta, logprobs: [] });
  }

  finish(status: Status): ItemEvent[] {
    this.#status = status;
    return [
      ...this.#finished(),
      { type: 'response.output_item.done', output_index: this.#index, item: this.value },
    ];
  }

  /** It stays unfinished. */
  breakOff(): void {
    this.#status = 'incomplete';
  }

  #finished(): ItemEvent[] {
    const part = this.#part;
    const text = this.#text;
    if (part.kind === 'call') {
      return [this.#event('response.function_call_arguments.done', { name: part.name, arguments: text })];
    }
    if (part.kind === 'reasoning') {
      return [
        this.#event('response.reasoning_summary_text.done', { summary_index: 0, text }),
        this.#event('response.reasoning_summary_part.done', { summary_index: 0, part: summaryPart(text) }),
      ];
    }
    return [
      this.#event('response.output_text.done', { content_index: 0, text, logprobs: [] }),
      this.#event('response.content_part.done', { content_index: 0, part: textPart(text) }),
    ];
  }

  #event(type: string, members: object): ItemEvent {
    return { type, item_id: this.id, output_index: this.#index, ...members };
  }
}

const textPart = (text: string): object => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const summaryPart = (text: string): object => ({ type: 'summary_text', text });

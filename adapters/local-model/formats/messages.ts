// Anthropic's Messages: an answer in its format.
import { LOCAL_MODEL } from '../settings.ts';
import { newId, type Part, type Piece, type Play, type Reason } from '../stream/play.ts';
import { anthropicError } from './anthropic-error.ts';
import { type Asked, type Format, type Frame, RequestError, type Writer } from './format.ts';
import { readMessages, signatureOf } from './messages-request.ts';

export const messages: Format = {
  read(body: unknown): Asked {
    return { ...readMessages(body), writer: (play) => new MessageWriter(play) };
  },
  overloaded: 529,
};

const REASONS: Readonly<Record<Reason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
};

class MessageWriter implements Writer {
  readonly #play: Play;
  readonly #id = newId('msg');
  /** Index of the block that is open. */
  #open: number | null = null;

  constructor(play: Play) {
    this.#play = play;
  }

  begin(): Frame[] {
    const { input } = this.#play.usage;
    const usage = { ...usageOf(this.#play), input_tokens: input, output_tokens: 1 };
    const message = { ...this.#head(), content: [], stop_reason: null, stop_sequence: null, usage };
    return [frame('message_start', { message }), frame('ping', {})];
  }

  piece({ part: index, text }: Piece): Frame[] {
    const part = this.#play.parts[index];
    if (part === undefined) return [];
    const before = this.#open === index ? [] : [...this.#close(), this.#begin(part, index)];
    return [...before, frame('content_block_delta', { index, delta: deltaOf(part, text) })];
  }

  end(): Frame[] {
    const { output } = this.#play.usage;
    const delta = { stop_reason: REASONS[this.#play.reason], stop_sequence: null };
    return [
      ...this.#close(),
      frame('message_delta', { delta, usage: { output_tokens: output } }),
      frame('message_stop', {}),
    ];
  }

  fail(): Frame[] {
    return [{ event: 'error', data: anthropicError(new RequestError(529, 'Overloaded')) }];
  }

  body(): object {
    return {
      ...this.#head(),
      content: this.#play.parts.map(blockOf),
      stop_reason: REASONS[this.#play.reason],
      stop_sequence: null,
      usage: usageOf(this.#play),
    };
  }

  #begin(part: Part, index: number): Frame {
    this.#open = index;
    return frame('content_block_start', { index, content_block: emptyBlock(part) });
  }

  #close(): Frame[] {
    const index = this.#open;
    if (index === null) return [];
    this.#open = null;
    const part = this.#play.parts[index];
    const signature = part?.kind === 'reasoning' ? [signatureDelta(part.text, index)] : [];
    return [...signature, frame('content_block_stop', { index })];
  }

  #head(): object {
    return { id: this.#id, type: 'message', role: 'assistant', model: LOCAL_MODEL };
  }
}

const frame = (type: string, members: object): Frame => ({ event: type, data: { type, ...members } });

const signatureDelta = (thought: string, index: number): Frame =>
  frame('content_block_delta', {
    index,
    delta: { type: 'signature_delta', signature: signatureOf(thought) },
  });

function deltaOf({ kind }: Part, text: string): object {
  if (kind === 'reasoning') return { type: 'thinking_delta', thinking: text };
  return kind === 'text' ? { type: 'text_delta', text } : { type: 'input_json_delta', partial_json: text };
}

function emptyBlock(part: Part): object {
  if (part.kind === 'reasoning') return { type: 'thinking', thinking: '', signature: '' };
  if (part.kind === 'text') return { type: 'text', text: '' };
  return { type: 'tool_use', id: part.id, name: part.name, input: {} };
}

function blockOf(part: Part): object {
  if (part.kind === 'reasoning')
    return { type: 'thinking', thinking: part.text, signature: signatureOf(part.text) };
  if (part.kind === 'text') return { type: 'text', text: part.text };
  return { type: 'tool_use', id: part.id, name: part.name, input: inputOf(part.text) };
}

/** Arguments that are no JSON, or were cut off, are an empty input in a whole message. */
function inputOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const usageOf = ({ usage: { input, output } }: Play): object => ({
  input_tokens: input,
  output_tokens: output,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  service_tier: 'standard',
});

// OpenAI's Chat Completions: what a request says, and an answer in its format.
import { z } from 'zod';
import type { Question, ToolCall, Turn } from '../answer/question.ts';
import { unpairedCall } from '../answer/question.ts';
import { LOCAL_MODEL } from '../settings.ts';
import { newId, type Part, type Piece, type Play, type Reason } from '../stream/play.ts';
import { type Asked, type Format, type Frame, RequestError, type Writer } from './format.ts';
import { openaiError } from './openai-error.ts';

const content = z
  .union([
    z.string(),
    z
      .array(z.looseObject({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() }))
      .max(1000),
    z.null(),
  ])
  .optional();
const call = z.object({
  id: z.string().min(1).max(256),
  type: z.literal('function').default('function'),
  function: z.object({ name: z.string().min(1).max(256), arguments: z.string() }),
});
const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer', 'user']), content }),
  z.object({ role: z.literal('assistant'), content, tool_calls: z.array(call).max(128).nullish() }),
  z.object({ role: z.literal('tool'), content, tool_call_id: z.string().min(1).max(256) }),
]);
const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 of a-z, A-Z, 0-9, _, - and .'),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
  }),
});
/** Members that matter here; others are allowed and ignored. */
const request = z.object({
  model: z.string().min(1).max(2200),
  messages: z.array(message).min(1).max(2000),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  seed: z.int().nullish(),
  response_format: z
    .looseObject({
      type: z.string(),
      json_schema: z.looseObject({ schema: z.unknown().optional() }).optional(),
    })
    .nullish(),
  n: z.literal(1, 'only one answer at a time').nullish(),
});
type ChatRequest = z.infer<typeof request>;

export const chatCompletions: Format = {
  read(body: unknown): Asked {
    const asked = request.parse(body);
    const question = questionOf(asked);
    const unpaired = unpairedCall(question.turns);
    if (unpaired !== null) throw new RequestError(400, unpairedText(unpaired), { param: 'messages' });
    const includesUsage = asked.stream_options?.include_usage === true;
    return {
      model: asked.model,
      isStream: asked.stream === true,
      question,
      writer: (play) => new ChatWriter(play, includesUsage),
    };
  },
  overloaded: 503,
};

function unpairedText({ id, lacks }: { readonly id: string; readonly lacks: 'result' | 'call' }): string {
  return lacks === 'result'
    ? `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. Without one: ${id}`
    : `A message with role 'tool' must be a response to a preceding message with 'tool_calls'. Without one: ${id}`;
}

function questionOf(asked: ChatRequest): Question {
  const systems = asked.messages.flatMap((one) =>
    one.role === 'system' || one.role === 'developer' ? [textOf(one.content)] : [],
  );
  const { tool_choice: choice } = asked;
  return {
    system: systems.join('\n\n'),
    turns: asked.messages.flatMap(turnOf),
    tools: (asked.tools ?? []).map(({ function: { name, description, parameters } }) => ({
      name,
      description: description ?? '',
      parameters: parameters ?? {},
    })),
    choice:
      typeof choice === 'object' && choice !== null ? { name: choice.function.name } : (choice ?? 'auto'),
    isParallel: asked.parallel_tool_calls !== false,
    maxTokens: asked.max_completion_tokens ?? asked.max_tokens ?? null,
    wantsReasoning: false,
    seed: asked.seed ?? null,
    schema: schemaOf(asked.response_format),
  };
}

/** Any object, where a request names no schema. */
function schemaOf(format: ChatRequest['response_format']): unknown {
  if (format?.type === 'json_schema') return format.json_schema?.schema ?? {};
  return format?.type === 'json_object' ? {} : null;
}

function turnOf(one: z.infer<typeof message>): Turn[] {
  const text = textOf(one.content);
  switch (one.role) {
    case 'user':
      return [{ role: 'user', text }];
    case 'assistant': {
      const calls: ToolCall[] = (one.tool_calls ?? []).map(({ id, function: called }) => ({ id, ...called }));
      return [{ role: 'assistant', text, calls }];
    }
    case 'tool':
      return [{ role: 'tool', callId: one.tool_call_id, text, isError: false }];
    default:
      return [];
  }
}

function textOf(given: z.infer<typeof content>): string {
  if (given === undefined || given === null) return '';
  return typeof given === 'string'
    ? given
    : given.map(({ text, refusal }) => text ?? refusal ?? '').join('\n');
}

const REASONS: Readonly<Record<Reason, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
};

class ChatWriter implements Writer {
  readonly #play: Play;
  readonly #includesUsage: boolean;
  readonly #id = newId('chatcmpl');
  readonly #created = Math.floor(Date.now() / 1000);
  readonly #begun = new Set<number>();

  constructor(play: Play, includesUsage: boolean) {
    this.#play = play;
    this.#includesUsage = includesUsage;
  }

  begin(): Frame[] {
    const [first] = this.#play.parts;
    return [this.#chunk({ role: 'assistant', content: first?.kind === 'call' ? null : '' })];
  }

  piece({ part: index, text }: Piece): Frame[] {
    const part = this.#play.parts[index];
    if (part?.kind === 'text') return [this.#chunk({ content: text })];
    // As DeepSeek, vLLM and others name it: OpenAI's own API shows no reasoning here.
    if (part?.kind === 'reasoning') return [this.#chunk({ reasoning_content: text })];
    if (part?.kind !== 'call') return [];
    const position = this.#play.parts.slice(0, index).filter(({ kind }) => kind === 'call').length;
    const next = this.#chunk({ tool_calls: [{ index: position, function: { arguments: text } }] });
    if (this.#begun.has(index)) return [next];
    this.#begun.add(index);
    return [this.#chunk({ tool_calls: [{ index: position, ...callOf(part, '') }] }), next];
  }

  end(): Frame[] {
    const usage = this.#includesUsage
      ? [{ data: { ...this.#head('chat.completion.chunk'), choices: [], usage: usageOf(this.#play) } }]
      : [];
    return [this.#chunk({}, REASONS[this.#play.reason]), ...usage, { data: '[DONE]' }];
  }

  fail(): Frame[] {
    return [{ data: openaiError(new RequestError(500, 'The stand-in was told to fail here.')) }];
  }

  body(): object {
    const { parts, reason } = this.#play;
    const textIn = (kind: Part['kind']): string | null =>
      parts.find((part) => part.kind === kind)?.text ?? null;
    const calls = parts.flatMap((part) => (part.kind === 'call' ? [callOf(part, part.text)] : []));
    const reasoning = textIn('reasoning');
    const answer = {
      role: 'assistant',
      content: textIn('text') ?? (calls.length > 0 ? null : ''),
      refusal: null,
      ...(reasoning === null ? {} : { reasoning_content: reasoning }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
    return {
      ...this.#head('chat.completion'),
      choices: [{ index: 0, message: answer, logprobs: null, finish_reason: REASONS[reason] }],
      usage: usageOf(this.#play),
    };
  }

  #chunk(delta: object, reason: string | null = null): Frame {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: reason }];
    const usage = this.#includesUsage ? { usage: null } : {};
    return { data: { ...this.#head('chat.completion.chunk'), choices, ...usage } };
  }

  #head(object: string): object {
    return {
      id: this.#id,
      object,
      created: this.#created,
      model: LOCAL_MODEL,
      system_fingerprint: 'no-language-model',
    };
  }
}

const callOf = ({ id, name }: Extract<Part, { kind: 'call' }>, given: string): object => ({
  id,
  type: 'function',
  function: { name, arguments: given },
});

function usageOf({ usage: { input, output, reasoning } }: Play): object {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

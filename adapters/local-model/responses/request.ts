// What a request to OpenAI's Responses says. Members that matter here are read; others are allowed and ignored.
import { z } from 'zod';
import { type Question, type ToolCall, type Turn, unpairedCall } from '../answer/question.ts';
import { RequestError } from '../formats/format.ts';

const part = z.looseObject({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() });
const content = z.union([z.string(), z.array(part).max(1000)]);
const message = z.looseObject({
  type: z.literal('message').default('message'),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content,
});
const call = z.looseObject({
  type: z.literal('function_call'),
  call_id: z.string().min(1).max(256),
  name: z.string().min(1).max(256),
  arguments: z.string(),
});
const output = z.looseObject({
  type: z.literal('function_call_output'),
  call_id: z.string().min(1).max(256),
  output: content,
});
const KNOWN = new Set<unknown>(['message', 'function_call', 'function_call_output', undefined]);
const other = z
  .looseObject({ type: z.string() })
  .refine(({ type }) => !KNOWN.has(type), { error: 'is not as its type wants it', abort: true });
/** Reasoning, references and calls of the provider's own tools are passed over. */
const item = z.union([message, call, output, other]);

const tool = z.looseObject({
  type: z.string(),
  name: z.string().optional(),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});
const request = z.object({
  model: z.string().min(1).max(2200),
  input: z.union([z.string(), z.array(item).max(2000)]),
  instructions: z.string().nullish(),
  previous_response_id: z.string().max(256).nullish(),
  stream: z.boolean().nullish(),
  background: z.boolean().nullish(),
  store: z.boolean().nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  tools: z.array(tool).max(128).nullish(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.looseObject({ type: z.string(), name: z.string().optional() }),
    ])
    .nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish(), summary: z.string().nullish() }).nullish(),
  text: z
    .looseObject({ format: z.looseObject({ type: z.string(), schema: z.unknown().optional() }).nullish() })
    .nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
});
export type ResponsesRequest = z.infer<typeof request>;
type Item = z.infer<typeof item>;

/** @throws RequestError, ZodError */
export function readRequest(body: unknown): ResponsesRequest {
  const asked = request.parse(body);
  if (asked.background === true && asked.store === false) {
    throw new RequestError(400, 'A background response has to be stored.', { param: 'background' });
  }
  return asked;
}

/** `before`: the turns of the response that this one goes on from. @throws RequestError */
export function questionOf(asked: ResponsesRequest, before: readonly Turn[]): Question {
  const { input, instructions, tools, tool_choice: choice } = asked;
  const items: readonly Item[] =
    typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : input;
  const turns = items.reduce(withItem, [...before]);
  checkCalls(turns);
  return {
    system: [instructions ?? '', ...items.flatMap(systemOf)].filter((text) => text !== '').join('\n\n'),
    turns,
    tools: (tools ?? []).flatMap(({ type, name, description, parameters }) =>
      type === 'function' && name !== undefined
        ? [{ name, description: description ?? '', parameters: parameters ?? {} }]
        : [],
    ),
    choice: choiceOf(choice),
    isParallel: asked.parallel_tool_calls !== false,
    maxTokens: asked.max_output_tokens ?? null,
    wantsReasoning: (asked.reasoning?.summary ?? null) !== null,
    seed: null,
    schema: schemaOf(asked.text?.format),
  };
}

function checkCalls(turns: readonly Turn[]): void {
  const unpaired = unpairedCall(turns);
  if (unpaired === null) return;
  const text =
    unpaired.lacks === 'result'
      ? `No tool output found for function call ${unpaired.id}.`
      : `No tool call found for function call output with call_id ${unpaired.id}.`;
  throw new RequestError(400, text, { param: 'input' });
}

function schemaOf(format: { readonly type: string; readonly schema?: unknown } | null | undefined): unknown {
  if (format?.type === 'json_schema') return format.schema ?? {};
  return format?.type === 'json_object' ? {} : null;
}

function choiceOf(choice: ResponsesRequest['tool_choice']): Question['choice'] {
  if (typeof choice === 'string') return choice;
  return choice?.type === 'function' ? { name: choice.name ?? '' } : 'auto';
}

const isMessage = (one: Item): one is z.infer<typeof message> => one.type === 'message';
const isCall = (one: Item): one is z.infer<typeof call> => one.type === 'function_call';
const isOutput = (one: Item): one is z.infer<typeof output> => one.type === 'function_call_output';

const systemOf = (one: Item): string[] =>
  isMessage(one) && (one.role === 'system' || one.role === 'developer') ? [textOf(one.content)] : [];

/** Calls are items of their own here; in a turn they stand together with the text before them. */
function withItem(turns: Turn[], one: Item): Turn[] {
  if (isMessage(one) && one.role === 'user') return [...turns, { role: 'user', text: textOf(one.content) }];
  if (isMessage(one) && one.role === 'assistant')
    return [...turns, { role: 'assistant', text: textOf(one.content), calls: [] }];
  if (isOutput(one)) {
    return [...turns, { role: 'tool', callId: one.call_id, text: textOf(one.output), isError: false }];
  }
  if (!isCall(one)) return turns;
  const called: ToolCall = { id: one.call_id, name: one.name, arguments: one.arguments };
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return [...turns, { role: 'assistant', text: '', calls: [called] }];
  return [...turns.slice(0, -1), { ...last, calls: [...last.calls, called] }];
}

function textOf(given: z.infer<typeof content>): string {
  return typeof given === 'string'
    ? given
    : given.map(({ text, refusal }) => text ?? refusal ?? '').join('\n');
}

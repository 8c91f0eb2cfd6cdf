// What a request to Anthropic's Messages says. Members that matter here are read; others are allowed and ignored.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Question, type ToolCall, type Turn, unpairedCall } from '../answer/question.ts';
import { RequestError } from './format.ts';

const text = z.looseObject({ type: z.literal('text'), text: z.string() });
const other = z.looseObject({ type: z.string() });
const toolUse = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string().min(1).max(256),
  name: z.string().min(1).max(256),
  input: z.unknown(),
});
const toolResult = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string().min(1).max(256),
  content: z.union([z.string(), z.array(z.union([text, other])).max(1000)]).optional(),
  is_error: z.boolean().optional(),
});
const thinking = z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() });
const known = z.discriminatedUnion('type', [text, toolUse, toolResult, thinking]);
const KNOWN = new Set(['text', 'tool_use', 'tool_result', 'thinking']);
/** A block of a kind that matters has to be right; pictures, documents and what comes after them are passed over. */
const block = z.union([
  known,
  other.refine(({ type }) => !KNOWN.has(type), { error: 'is not as its type wants it', abort: true }),
]);
type Block = z.infer<typeof block>;

const message = z.object({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(block).max(1000)]),
});
const tool = z.looseObject({
  name: z.string().regex(/^[\w-]{1,128}$/, 'must be 1 to 128 of a-z, A-Z, 0-9, _ and -'),
  description: z.string().optional(),
  input_schema: z.record(z.string(), z.unknown()).optional(),
});
const choice = z.looseObject({
  type: z.enum(['auto', 'any', 'tool', 'none']),
  name: z.string().optional(),
  disable_parallel_tool_use: z.boolean().optional(),
});
const counted = z.object({
  model: z.string().min(1).max(2200),
  system: z.union([z.string(), z.array(text).max(100)]).optional(),
  messages: z.array(message).min(1).max(2000),
  tools: z.array(tool).max(128).optional(),
  tool_choice: choice.optional(),
  thinking: z.looseObject({ type: z.string() }).optional(),
  output_config: z
    .looseObject({ format: z.looseObject({ schema: z.record(z.string(), z.unknown()) }).nullish() })
    .optional(),
});
const request = counted.extend({ max_tokens: z.int().min(1), stream: z.boolean().optional() });
type Counted = z.infer<typeof counted>;

export interface MessagesRequest {
  readonly model: string;
  readonly isStream: boolean;
  readonly question: Question;
}

/** @throws RequestError, ZodError */
export function readMessages(body: unknown): MessagesRequest {
  const asked = request.parse(body);
  const question = questionOf(asked, asked.max_tokens);
  const unpaired = unpairedCall(question.turns);
  if (unpaired?.lacks === 'result') {
    throw new RequestError(
      400,
      `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${unpaired.id}`,
      { param: 'messages' },
    );
  }
  if (unpaired !== null) {
    const text = `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${unpaired.id}`;
    throw new RequestError(400, text, { param: 'messages' });
  }
  return { model: asked.model, isStream: asked.stream === true, question };
}

/** For counting tokens: nothing has to be complete. @throws ZodError */
export function readCounted(body: unknown): Pick<MessagesRequest, 'model' | 'question'> {
  const asked = counted.parse(body);
  return { model: asked.model, question: questionOf(asked, null) };
}

/** What a thinking block is signed with. Like a provider's, it fits one text only; unlike it, anybody can make it. */
export const signatureOf = (thought: string): string =>
  createHash('sha256').update(`local-model ${thought}`).digest('base64');

function questionOf(asked: Counted, maxTokens: number | null): Question {
  const { system = '', messages, tools = [], tool_choice: chosen, thinking: thinks } = asked;
  const said = messages.flatMap(({ role, content }) => (role === 'system' ? [textIn(content)] : []));
  return {
    system: [typeof system === 'string' ? system : textIn(system), ...said].join('\n\n'),
    turns: messages.flatMap(turnsOf),
    tools: tools.map(({ name, description = '', input_schema: parameters = {} }) => ({
      name,
      description,
      parameters,
    })),
    choice: choiceOf(chosen),
    isParallel: chosen?.disable_parallel_tool_use !== true,
    maxTokens,
    wantsReasoning: thinks?.type === 'enabled' || thinks?.type === 'adaptive',
    seed: null,
    schema: asked.output_config?.format?.schema ?? null,
  };
}

function choiceOf(chosen: z.infer<typeof choice> | undefined): Question['choice'] {
  if (chosen?.type === 'tool') return { name: chosen.name ?? '' };
  if (chosen?.type === 'any') return 'required';
  return chosen?.type ?? 'auto';
}

/** Results stand in messages of the user: they are turns of their own here. */
function turnsOf({ role, content }: z.infer<typeof message>, index: number): Turn[] {
  if (role === 'system') return [];
  if (typeof content === 'string')
    return [role === 'user' ? { role, text: content } : { role, text: content, calls: [] }];
  if (role === 'assistant') {
    checkSignatures(content, index);
    return [{ role, text: textIn(content), calls: content.flatMap(callOf) }];
  }
  const results = content.flatMap(resultOf);
  const words = textIn(content);
  return words === '' && results.length > 0 ? results : [...results, { role, text: words }];
}

/** A provider refuses thoughts that it did not have; whoever changes or loses a signature shall notice it here already. */
function checkSignatures(content: readonly Block[], index: number): void {
  for (const [at, one] of content.entries()) {
    if (!isThinking(one) || one.signature === signatureOf(one.thinking)) continue;
    throw new RequestError(400, 'Invalid `signature` in `thinking` block', {
      param: `messages.${index}.content.${at}`,
    });
  }
}

const isText = (one: z.infer<typeof other>): one is z.infer<typeof text> => one.type === 'text';
const isThinking = (one: Block): one is z.infer<typeof thinking> => one.type === 'thinking';
const isToolUse = (one: Block): one is z.infer<typeof toolUse> => one.type === 'tool_use';
const isToolResult = (one: Block): one is z.infer<typeof toolResult> => one.type === 'tool_result';

function textIn(content: string | readonly z.infer<typeof other>[] | undefined): string {
  if (content === undefined || typeof content === 'string') return content ?? '';
  return content.flatMap((one) => (isText(one) ? [one.text] : [])).join('\n');
}

const callOf = (one: Block): ToolCall[] =>
  isToolUse(one) ? [{ id: one.id, name: one.name, arguments: JSON.stringify(one.input ?? {}) }] : [];

const resultOf = (one: Block): Turn[] =>
  isToolResult(one)
    ? [{ role: 'tool', callId: one.tool_use_id, text: textIn(one.content), isError: one.is_error === true }]
    : [];

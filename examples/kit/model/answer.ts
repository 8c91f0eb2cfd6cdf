// What the stand-in answers to a chat: a call of the tool it is given, or a summary of the last text it is given. No language model.
// Must not know: HTTP, how fast it speaks.
import { z } from 'zod';
import { summaryOf } from './summary.ts';

const content = z.union([
  z.string(),
  z.array(z.object({ type: z.literal('text'), text: z.string() })).max(64),
  z.null(),
]);
const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().min(1).max(64),
    parameters: z.object({ properties: z.record(z.string(), z.unknown()).default({}) }).optional(),
  }),
});

/** The members of a request that matter here; others are allowed and ignored. */
export const chatRequest = z.object({
  model: z.string().min(1).max(256),
  messages: z
    .array(z.object({ role: z.string(), content: content.optional() }))
    .min(1)
    .max(256),
  stream: z.boolean().default(false),
  tools: z.array(tool).max(64).default([]),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
    ])
    .default('auto'),
});

export type ChatRequest = z.infer<typeof chatRequest>;

export type Answer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly name: string; readonly arguments: string };

/**
 * A tool is called where one is asked for, or offered and not yet answered; each of its parameters gets the first text in `backticks`
 * of the last message.
 */
export function answerTo({ messages, tools, tool_choice: choice }: ChatRequest): Answer {
  const last = messages.at(-1);
  const text = textOf(last?.content);
  const called = tools.find(({ function: { name } }) =>
    typeof choice === 'object' ? name === choice.function.name : true,
  )?.function;
  if (called === undefined || choice === 'none' || last?.role === 'tool') {
    return { kind: 'text', text: summaryOf(text) };
  }
  const value = /`([^`\n]+)`/.exec(text)?.[1] ?? '';
  const names = Object.keys(called.parameters?.properties ?? {});
  return {
    kind: 'tool',
    name: called.name,
    arguments: JSON.stringify(Object.fromEntries(names.map((name) => [name, value]))),
  };
}

function textOf(given: z.infer<typeof content> | undefined): string {
  if (given === undefined || given === null) return '';
  return typeof given === 'string' ? given : given.map(({ text }) => text).join('\n');
}

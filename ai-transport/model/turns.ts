/**
 * A conversation as providers want it: users, models and results of tools by turns, each call followed by its result. What a run that was
 * cancelled left open is closed. Must not know: any provider.
 */
import type { ConversationMessage } from '../agent/history.ts';
import type { Content, ToolCallContent, ToolOutputContent } from './content.ts';
import { contentOf } from './read-content.ts';
import { DENIED } from './wording.ts';

/** A message of a conversation: as an agent's history has it, or by what it says. */
export type ModelMessage =
  | Pick<ConversationMessage, 'role' | 'parts'>
  | { readonly role: string; readonly content: readonly Content[] };

export type Turn =
  | { readonly role: 'system' | 'user'; readonly content: readonly Content[] }
  /** One call of the model: text, reasoning, calls of tools, and results of those that the provider ran itself. */
  | { readonly role: 'assistant'; readonly content: readonly Content[] }
  /** A result for each call of the turn before, in the order of the calls. */
  | { readonly role: 'tool'; readonly outputs: readonly ToolOutputContent[] };

/** Said to the model where there is no result. */
const NO_RESULT = 'The call was interrupted: there is no result.';

/** What users say with a message that is nothing else. */
const ANSWERS: ReadonlySet<Content['type']> = new Set(['tool-output', 'tool-approval-response']);
/** Pieces that say nothing to a model. */
const SILENT: ReadonlySet<Content['type']> = new Set([
  'usage',
  'response',
  'finish',
  'data',
  'tool-approval-request',
  'tool-approval-response',
]);

/** Calls that were not completed, and messages without content, are left out. */
export function turnsOf(conversation: readonly ModelMessage[]): readonly Turn[] {
  const read = conversation.map(readMessage);
  const outputs = new Map([...denialsOf(read), ...outputsOf(read)]);
  return read.flatMap(({ role, content }): readonly Turn[] => {
    if (role === 'assistant') return rounds(content).flatMap((round) => withResults(round, outputs));
    const said = content.filter(({ type }) => !SILENT.has(type) && !ANSWERS.has(type));
    if (said.length === 0 || role === 'tool') return [];
    return [{ role: role === 'system' ? 'system' : 'user', content: said }];
  });
}

/** Calls of the model's that wait for a result: those of its last turn that have none. */
export function openCalls(conversation: readonly ModelMessage[]): readonly ToolCallContent[] {
  const read = conversation.map(readMessage);
  const outputs = outputsOf(read);
  const last = read.findLast(({ content }) => content.some(isOwnCall));
  return (last?.content ?? []).filter(isOwnCall).filter(({ toolCallId }) => !outputs.has(toolCallId));
}

interface Read {
  readonly role: string;
  readonly content: readonly Content[];
}

export const readMessage = (message: ModelMessage): Read => ({
  role: message.role,
  content: 'content' in message ? message.content : contentOf(message),
});

/** By call. What an agent wrote counts more than what a user sent. */
function outputsOf(read: readonly Read[]): ReadonlyMap<string, ToolOutputContent> {
  const agents = new Map<string, ToolOutputContent>();
  const users = new Map<string, ToolOutputContent>();
  for (const { content } of read)
    for (const piece of content) if (piece.type === 'tool-output') users.set(piece.toolCallId, piece);
  for (const { role, content } of read)
    if (role === 'assistant')
      for (const piece of content) if (piece.type === 'tool-output') agents.set(piece.toolCallId, piece);
  return new Map([...users, ...agents]);
}

/** What a call comes to that a person denied. */
function denialsOf(read: readonly Read[]): ReadonlyMap<string, ToolOutputContent> {
  const denials = new Map<string, ToolOutputContent>();
  for (const { content } of read)
    for (const piece of content)
      if (piece.type === 'tool-approval-response' && !piece.approved)
        denials.set(piece.toolCallId, failed(piece.toolCallId, piece.reason ?? DENIED));
  return denials;
}

/** A message may hold several calls of the model: one ends where it says so, and where something follows a result. */
function rounds(content: readonly Content[]): readonly (readonly Content[])[] {
  const found: Content[][] = [[]];
  let hasResult = false;
  for (const piece of content) {
    if (piece.type === 'finish') hasResult = true;
    if (SILENT.has(piece.type)) continue;
    if (piece.type === 'tool-output' && !piece.providerExecuted) {
      hasResult = true;
      continue;
    }
    if (hasResult) found.push([]);
    hasResult = false;
    if (piece.type === 'tool-call' && !piece.isComplete) continue;
    found.at(-1)?.push(piece);
  }
  return found.filter((round) => round.length > 0);
}

function withResults(round: readonly Content[], outputs: ReadonlyMap<string, ToolOutputContent>): Turn[] {
  const calls = round.filter(isOwnCall);
  const turn: Turn = { role: 'assistant', content: round };
  if (calls.length === 0) return [turn];
  const results = calls.map(({ toolCallId }) => outputs.get(toolCallId) ?? failed(toolCallId, NO_RESULT));
  return [turn, { role: 'tool', outputs: results }];
}

/** The provider does not run it. */
const isOwnCall = (piece: Content): piece is ToolCallContent =>
  piece.type === 'tool-call' && piece.isComplete && !piece.providerExecuted;

const failed = (toolCallId: string, output: string): ToolOutputContent => ({
  type: 'tool-output',
  toolCallId,
  output,
  isError: true,
  providerExecuted: false,
});

/** The input of a call as an object; empty where the model wrote none that can be read. */
export function inputOf({
  inputText,
}: Pick<ToolCallContent, 'inputText'>): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(inputText);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    // CAST: any object may be read member by member.
    return isObject ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

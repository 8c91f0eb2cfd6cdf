/** The conversation that leads to a run's input, in the AI SDK's messages. Must not know: models. */
import type { ConversationMessage } from '@sockudo/ai-transport/agent';
import { convertToModelMessages, type ModelMessage, type ToolSet, type UIMessage } from 'ai';
import { type AnyChunk, isObject, parsed, type UIPart } from '../parts/chunk.ts';
import { type Piece, piecesOfAgent } from '../parts/piece.ts';
import { assistantMessage, chunksOfPieces } from '../parts/reading.ts';
import { ANSWERS } from '../parts/tracks.ts';
import { chunkOfWord } from '../parts/words.ts';
import { type PendingCall, PendingCalls } from './pending.ts';

/** What one message of the AI SDK's is made of. */
interface Group {
  readonly id: string;
  readonly isAnswer: boolean;
  readonly members: ConversationMessage[];
  readonly runIds: Set<string>;
}

const isToolAnswer = ({ isInput, parts: [first] }: ConversationMessage): boolean =>
  isInput && ANSWERS.test(first?.codec.type ?? '');

export interface ConversationOptions {
  /** Outputs of those that have an `execute` come from the agent alone: nobody else can say what they came to. */
  readonly tools?: ToolSet | undefined;
}

/** What a handler's `history()` gives, as messages: an answer, what was answered to its calls, and how it went on are one of them. */
export function toUIMessages<Message extends UIMessage = UIMessage>(
  conversation: readonly ConversationMessage[],
  options: ConversationOptions = {},
): Message[] {
  const groups = groupsOf(conversation, options);
  // CAST: what the channel holds is taken at its word.
  return groups.map((group, index) => messageOf(group, index === groups.length - 1)) as Message[];
}

/**
 * The same as messages for a model. Calls of tools that nobody finished are told as such, so that no provider refuses them.
 * @param options as of `convertToModelMessages`: `tools`, `convertDataPart`
 */
export function toModelMessages(
  conversation: readonly ConversationMessage[],
  options: Parameters<typeof convertToModelMessages>[1] & ConversationOptions = {},
): Promise<ModelMessage[]> {
  return convertToModelMessages(toUIMessages(conversation, options), options);
}

/** Calls of the last answer that still wait for somebody: with one of them no model is to be asked. */
export function pendingCalls(
  conversation: readonly ConversationMessage[],
  options: ConversationOptions = {},
): readonly PendingCall[] {
  const last = groupsOf(conversation, options).at(-1);
  const calls = new PendingCalls();
  if (last?.isAnswer === true)
    for (const chunk of chunksOfPieces(last.members.flatMap(piecesOfAgent), { over: null }))
      calls.take(chunk);
  return calls.list;
}

/** Without outputs that people claim of tools that are not theirs to execute. */
function believed(
  conversation: readonly ConversationMessage[],
  { tools = {} }: ConversationOptions,
): readonly ConversationMessage[] {
  const names = new Map<unknown, unknown>();
  for (const message of conversation) {
    if (message.isInput) continue;
    for (const chunk of chunksOfPieces(piecesOfAgent(message), { over: null }))
      if (chunk.type.startsWith('tool-input-') && chunk.toolName !== undefined)
        names.set(chunk.toolCallId, chunk.toolName);
  }
  return conversation.filter((message) => {
    const [first] = message.parts;
    if (first === undefined || !isToolAnswer(message) || first.codec.type === 'tool-approval-response')
      return true;
    const toolCallId = chunkOfWord(first.codec, first.data)?.toolCallId;
    const name = String(names.get(toolCallId));
    return !(Object.hasOwn(tools, name) && tools[name]?.execute !== undefined);
  });
}

/** An answer to a call stands right after the call: histories do not say what of a message came before it, and what after. */
function piecesOf({ members }: Pick<Group, 'members'>): Piece[] {
  const pieces = members.filter((member) => !member.isInput).flatMap(piecesOfAgent);
  for (const answer of members.filter((member) => member.isInput).flatMap(piecesOfAgent)) {
    const call = chunkOfWord(answer.codec, answer.text);
    const place = pieces.findLastIndex((piece) => asksFor(piece, call, answer.codec['tool-call-id']));
    pieces.splice(place < 0 ? pieces.length : place + 1, 0, answer);
  }
  return pieces;
}

function asksFor({ codec, text }: Piece, answer: AnyChunk | null, named: string | undefined): boolean {
  const chunk = chunkOfWord(codec, text);
  const type = chunk?.type ?? codec.type ?? '';
  if (type !== 'tool-approval-request' && !type.startsWith('tool-input-')) return false;
  if (chunk?.approvalId !== undefined && chunk.approvalId === answer?.approvalId) return true;
  const toolCallId = chunk?.toolCallId ?? codec['tool-call-id'];
  return toolCallId !== undefined && toolCallId === (answer?.toolCallId ?? named);
}

function groupsOf(conversation: readonly ConversationMessage[], options: ConversationOptions): Group[] {
  const groups: Group[] = [];
  for (const message of believed(conversation, options)) {
    const last = groups.at(-1);
    const isAnswer = !message.isInput || isToolAnswer(message);
    if (isAnswer && last?.isAnswer === true && (isToolAnswer(message) || last.runIds.has(message.runId))) {
      last.members.push(message);
      last.runIds.add(message.runId);
    } else if (!isToolAnswer(message))
      groups.push({ id: message.id, isAnswer, members: [message], runIds: new Set([message.runId]) });
  }
  return groups;
}

function messageOf({ id, isAnswer, members }: Group, isLast: boolean): UIMessage {
  // Whatever an earlier answer left open will not be finished any more.
  if (isAnswer) return assistantMessage(id, piecesOf({ members }), { over: isLast ? null : 'cancelled' });
  const [first] = members;
  const said = members.flatMap(({ parts }) => parts.map(({ data, codec }) => saidIn(data, codec.type)));
  return {
    id,
    role: first?.role === 'system' ? 'system' : 'user',
    parts: said.flatMap(({ parts }) => parts),
    ...(said[0]?.metadata !== undefined && { metadata: said[0].metadata }),
  };
}

function saidIn(
  data: string,
  type: string | undefined,
): { readonly parts: UIPart[]; readonly metadata?: unknown } {
  const value = type !== 'text' && data.startsWith('{') ? parsed(data) : undefined;
  if (isObject(value)) {
    // CAST: what the channel holds is taken at its word.
    if (Array.isArray(value.parts)) return { parts: value.parts as UIPart[], metadata: value.metadata };
    if (isObject(value.part)) return { parts: [value.part as unknown as UIPart], metadata: value.metadata };
  }
  return { parts: [{ type: 'text', text: data }] };
}

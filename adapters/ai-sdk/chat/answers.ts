/** What somebody has answered in a chat and the session does not know yet: outputs of tools, approvals. */
import { isSameJson, type UIMessage } from '../parts/chunk.ts';

export interface ToolAnswer {
  readonly data: object;
  readonly codec: Readonly<Record<string, string>>;
}

type ToolState = Record<string, unknown> & { readonly toolCallId: string; readonly state: string };

/** Further on is whatever has a higher number. */
const RANKS: Readonly<Record<string, number>> = {
  'input-streaming': 0,
  'input-available': 1,
  'approval-requested': 2,
  'approval-responded': 3,
  'output-denied': 4,
  'output-available': 4,
  'output-error': 4,
};

const rankOf = ({ state }: ToolState): number => RANKS[state] ?? 0;

export function answersOf(local: UIMessage, stored: UIMessage): ToolAnswer[] {
  const known = callsOf(stored);
  return [...callsOf(local).values()].flatMap((call) => {
    const before = known.get(call.toolCallId);
    if (before === undefined || rankOf(before) >= rankOf(call)) return [];
    if (call.state === 'approval-responded') return [approvalOf(call)];
    if (call.state === 'output-available' || call.state === 'output-error') return [resultOf(call)];
    return [];
  });
}

/** Messages of a session with what was answered here and not sent yet. */
export function withAnswers<Message extends UIMessage>(
  stored: readonly Message[],
  local: readonly Message[],
): Message[] {
  const byId = new Map(local.map((message) => [message.id, message]));
  return stored.map((message) => {
    const mine = byId.get(message.id);
    return mine === undefined || mine === message || message.role !== 'assistant'
      ? message
      : merged(message, mine);
  });
}

function merged<Message extends UIMessage>(stored: Message, local: Message): Message {
  if (answersOf(local, stored).length === 0) return stored;
  const mine = callsOf(local);
  const parts = stored.parts.map((part) => {
    const own = isCall(part) ? mine.get(part.toolCallId) : undefined;
    return own !== undefined && isCall(part) && rankOf(own) > rankOf(part) ? own : part;
  });
  // CAST: parts of the same message.
  return { ...stored, parts: parts as Message['parts'] };
}

/** The messages that are shown already are as good where they say the same: nothing is rendered for them. */
export function isSameList(a: readonly UIMessage[], b: readonly UIMessage[]): boolean {
  return (
    a.length === b.length &&
    a.every((message, index) => message === b[index] || isSameJson(message, b[index]))
  );
}

function callsOf({ parts }: UIMessage): Map<string, ToolState> {
  return new Map(parts.flatMap((part) => (isCall(part) ? [[part.toolCallId, part] as const] : [])));
}

const isCall = (part: unknown): part is ToolState => {
  const { type, toolCallId } = Object(part);
  return typeof toolCallId === 'string' && (type === 'dynamic-tool' || String(type).startsWith('tool-'));
};

function approvalOf({ toolCallId, approval }: ToolState): ToolAnswer {
  const { id, approved, reason } = Object(approval);
  const type = 'tool-approval-response';
  return {
    data: {
      type,
      toolCallId,
      approvalId: id,
      approved: approved === true,
      ...(typeof reason === 'string' && { reason }),
    },
    codec: {
      type,
      'tool-call-id': toolCallId,
      'approval-id': String(id),
      approved: String(approved === true),
    },
  };
}

function resultOf({ toolCallId, state, output, errorText }: ToolState): ToolAnswer {
  const type = state === 'output-error' ? 'tool-result-error' : 'tool-result';
  const result = state === 'output-error' ? { message: String(errorText) } : { output: output ?? null };
  return { data: { type, toolCallId, ...result }, codec: { type, 'tool-call-id': toolCallId } };
}

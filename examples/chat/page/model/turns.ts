// From the messages of a session to what the page shows one below the other: what a person said, and what was answered, with the calls
// of tools put together from what stands about them in several messages. What did not change is the same object as before.
import { type MessagePart, messageText, type SessionMessage } from '@sockudo/ai-transport';
import { type Content, contentOf } from '@sockudo/ai-transport/model';
import { APPROVAL_RESPONSE } from '../../shared/names.ts';

export interface TextPiece {
  readonly kind: 'text' | 'reasoning';
  readonly id: string;
  readonly text: string;
  readonly isStreaming: boolean;
}

/** `approval`: waits for a person. `approved`: was given a yes that nobody acted on yet. */
export type ToolState = 'writing' | 'running' | 'approval' | 'approved' | 'denied' | 'done' | 'failed';

export interface ToolPiece {
  readonly kind: 'tool';
  /** Of the call. */
  readonly id: string;
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly input: string;
  readonly state: ToolState;
  readonly approvalId: string;
  /** A text, or JSON as text. */
  readonly output: string;
}

export interface SourcePiece {
  readonly kind: 'source';
  readonly id: string;
  readonly title: string;
  readonly url: string | null;
}

export type Piece = TextPiece | ToolPiece | SourcePiece;

export interface Turn {
  /** Of its first message: what edits, regenerations and versions refer to. */
  readonly id: string;
  readonly runId: string;
  readonly isUser: boolean;
  readonly messages: readonly SessionMessage[];
  readonly pieces: readonly Piece[];
  /** What people read of it. */
  readonly text: string;
}

export class Turns {
  #made = new Map<string, Turn>();

  of(messages: readonly SessionMessage[]): Turn[] {
    const made = new Map<string, Turn>();
    for (const group of groupsOf(messages)) {
      const [first] = group;
      if (first === undefined) continue;
      const known = this.#made.get(first.id);
      made.set(first.id, known !== undefined && isSame(known.messages, group) ? known : turnOf(first, group));
    }
    this.#made = made;
    return [...made.values()];
  }
}

const isSame = (before: readonly SessionMessage[], now: readonly SessionMessage[]): boolean =>
  before.length === now.length && before.every((message, index) => message === now[index]);

/** A run that waited for a yes goes on in a further message: to its reader that is one answer, and the yes is a part of it. */
function groupsOf(messages: readonly SessionMessage[]): SessionMessage[][] {
  const groups: SessionMessage[][] = [];
  for (const message of messages) {
    const last = groups.at(-1);
    const isPartOfAnswer = message.role !== 'user' || message.parts.every(isResponse);
    const [first] = last ?? [];
    if (last !== undefined && isPartOfAnswer && first?.role !== 'user' && first?.runId === message.runId)
      last.push(message);
    else if (!message.parts.every(isResponse)) groups.push([message]);
  }
  return groups;
}

const isResponse = ({ codec }: MessagePart): boolean => codec.type === APPROVAL_RESPONSE;

function turnOf(first: SessionMessage, messages: readonly SessionMessage[]): Turn {
  const isUser = first.role === 'user';
  return {
    id: first.id,
    runId: first.runId,
    isUser,
    messages,
    pieces: isUser ? [] : piecesOf(messages),
    text: messages
      .filter(({ parts }) => !parts.every(isResponse))
      .map(messageText)
      .join('\n\n'),
  };
}

function piecesOf(messages: readonly SessionMessage[]): Piece[] {
  const pieces = new Map<string, Piece>();
  for (const message of messages) {
    const contents = contentOf(message);
    for (const [index, content] of contents.entries()) {
      const isLast = index === contents.length - 1;
      const id = `${message.id} ${index}`;
      const piece = pieceOf(content, id, message.status === 'streaming' && isLast, pieces);
      if (piece !== null) pieces.set(piece.id, piece);
    }
  }
  return [...pieces.values()];
}

/** Null: it is not shown, or says nothing new. */
function pieceOf(
  content: Content,
  id: string,
  isStreaming: boolean,
  known: ReadonlyMap<string, Piece>,
): Piece | null {
  switch (content.type) {
    case 'text':
    case 'reasoning':
      return content.text === '' ? null : { kind: content.type, id, text: content.text, isStreaming };
    case 'source':
      return sourceOf(content, id);
    case 'tool-call':
    case 'tool-output':
    case 'tool-approval-request':
    case 'tool-approval-response': {
      const tool = known.get(content.toolCallId);
      const before = tool?.kind === 'tool' ? tool : { ...NEW_TOOL, id: content.toolCallId };
      return { ...before, ...changeOf(before, content) };
    }
    default:
      return null;
  }
}

const NEW_TOOL: ToolPiece = {
  kind: 'tool',
  id: '',
  name: 'tool',
  input: '',
  state: 'writing',
  approvalId: '',
  output: '',
};

type ToolContent = Extract<Content, { readonly toolCallId: string }>;

function changeOf({ state }: ToolPiece, content: ToolContent): Partial<ToolPiece> {
  switch (content.type) {
    case 'tool-call': {
      const { toolName: name, inputText: input, isComplete } = content;
      return { name, input, state: isComplete ? 'running' : 'writing' };
    }
    case 'tool-approval-request':
      return { state: 'approval', approvalId: content.approvalId };
    case 'tool-approval-response':
      // The first answer counts.
      if (state !== 'approval') return {};
      return { state: content.approved ? 'approved' : 'denied' };
    case 'tool-output': {
      const output = typeof content.output === 'string' ? content.output : JSON.stringify(content.output);
      // What the model is told of a no is no failure of the tool.
      if (state === 'denied') return {};
      return { state: content.isError ? 'failed' : 'done', output };
    }
  }
}

function sourceOf(
  { url = '', title = '' }: Extract<Content, { readonly type: 'source' }>,
  id: string,
): Piece {
  const address = /^https?:\/\//.test(url) ? url : null;
  return { kind: 'source', id, title: title === '' ? (address ?? 'Document') : title, url: address };
}

// From the messages of a session to what the page shows one below the other: what a person said, and what was answered, with the calls
// of tools put together from what stands about them in several messages. What did not change is the same object as before.
import { type MessagePart, messageText, partValue, type SessionMessage } from '@sockudo/ai-transport';
import { APPROVAL_REQUEST, APPROVAL_RESPONSE } from '../../shared/names.ts';

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
    pieces: isUser ? [] : piecesOf(messages.flatMap(({ parts }) => parts)),
    text: messages
      .filter(({ parts }) => !parts.every(isResponse))
      .map(messageText)
      .join('\n\n'),
  };
}

/** The codec's word for a part, whatever state of it the word names. */
const kindOf = ({ type = 'text' }: MessagePart['codec']): string =>
  type.replace(/-(start|delta|end|available)$/, '');

function piecesOf(parts: readonly MessagePart[]): Piece[] {
  const pieces = new Map<string, Piece>();
  for (const part of parts) {
    const { codec, text, status } = part;
    const kind = kindOf(codec);
    if (kind === 'text' || kind === 'reasoning') {
      if (text !== '') pieces.set(part.id, { kind, id: part.id, text, isStreaming: status === 'streaming' });
    } else if (kind === 'source-url' || kind === 'source-document') {
      pieces.set(part.id, sourceOf(part));
    } else {
      const call = callIdOf(part);
      const tool = call === '' ? null : withPart(pieces.get(call), call, kind, part);
      if (tool !== null) pieces.set(call, tool);
    }
  }
  return [...pieces.values()];
}

function callIdOf(part: MessagePart): string {
  const named = part.codec['tool-call-id'];
  if (named !== undefined) return named;
  const { toolCallId } = objectOf(part);
  return typeof toolCallId === 'string' ? toolCallId : '';
}

/** A call with what one more part says about it; null: nothing. */
function withPart(known: Piece | undefined, id: string, kind: string, part: MessagePart): ToolPiece | null {
  const { codec, text, status } = part;
  const tool: ToolPiece = known?.kind === 'tool' ? known : { ...EMPTY, id };
  switch (kind) {
    case 'tool-input':
      return {
        ...tool,
        name: codec['tool-name'] ?? tool.name,
        input: text,
        state: status === 'streaming' ? 'writing' : tool.state === 'writing' ? 'running' : tool.state,
      };
    case APPROVAL_REQUEST: {
      const { approvalId } = objectOf(part);
      const named = codec['approval-id'] ?? (typeof approvalId === 'string' ? approvalId : '');
      return { ...tool, state: 'approval', approvalId: named };
    }
    case APPROVAL_RESPONSE:
      // The first answer counts.
      if (tool.state !== 'approval') return tool;
      return { ...tool, state: objectOf(part).approved === true ? 'approved' : 'denied' };
    case 'tool-output':
      return { ...tool, state: 'done', output: text };
    case 'tool-output-error':
      return { ...tool, state: 'failed', output: String(objectOf(part).errorText ?? text) };
    case 'tool-output-denied':
      return { ...tool, state: 'denied' };
    default:
      return null;
  }
}

const EMPTY: ToolPiece = {
  kind: 'tool',
  id: '',
  name: 'tool',
  input: '',
  state: 'writing',
  approvalId: '',
  output: '',
};

function sourceOf(part: MessagePart): SourcePiece {
  const { url, title } = objectOf(part);
  const address = typeof url === 'string' && /^https?:\/\//.test(url) ? url : null;
  const shown = typeof title === 'string' && title !== '' ? title : (address ?? 'Document');
  return { kind: 'source', id: part.id, title: shown, url: address };
}

function objectOf(part: MessagePart): Readonly<Record<string, unknown>> {
  const value = partValue(part);
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

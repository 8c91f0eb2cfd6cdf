/** A session's messages as the AI SDK has them. What did not change is the same object as before. */
import {
  isLive,
  partValue,
  type Session,
  type SessionMessage,
  type SessionRun,
  type View,
} from '@sockudo/ai-transport';
import { isObject, type UIMessage, type UIPart } from '../parts/chunk.ts';
import type { Ending } from '../parts/chunks.ts';
import { type Piece, pieceOfSession } from '../parts/piece.ts';
import { assistantMessage } from '../parts/reading.ts';
import { answersOf } from './answers.ts';
import { type Group, groupsOf } from './groups.ts';

/** Messages of a view, oldest first. Default: the session's main view. */
export function toUIMessages<Message extends UIMessage = UIMessage>(
  session: Session,
  view: View = session.view(),
): Message[] {
  const messages = groupsOf(view.messages).map((group) =>
    group.isAnswer ? answerMessage(session, group) : saidMessage(group.members),
  );
  const failed = view.runs.at(-1);
  const last = view.messages.at(-1);
  // It failed before it said anything.
  if (
    failed !== undefined &&
    endingOf(failed).over === 'error' &&
    last?.runId === failed.id &&
    last.role !== 'assistant'
  )
    messages.push(assistantMessage(failedId(failed.id), [], endingOf(failed)));
  // CAST: what the channel holds is taken at its word.
  return messages as Message[];
}

/** Of an answer that failed before there was any. */
export const failedId = (runId: string): string => `${runId}:failed`;

/**
 * In the order of the channel: what was answered stands in the middle of the message that goes on after it. Serials of messages compare as
 * texts, and what has none yet comes last.
 * @param isOpen more of a text may come, although its run is over
 */
export function piecesOf({ members }: Pick<Group, 'members'>, { isOpen = false } = {}): Piece[] {
  const parts = members.flatMap((member) => member.parts);
  const ordered =
    members.length === 1 ? parts : parts.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return ordered.map((part) => pieceOfSession(part, isOpen));
}

export function endingOf(run: Pick<SessionRun, 'status' | 'error'> | null): Ending {
  if (run === null || isLive(run)) return { over: null };
  const { status, error } = run;
  if (status === 'error' || status === 'lost') return { over: 'error', error: error ?? { code: status } };
  return { over: status === 'cancelled' ? 'cancelled' : 'complete' };
}

/** Something was answered in the chat that the session does not know. */
export function hasAnswers(session: Session, view: View, messages: readonly UIMessage[]): boolean {
  const stored = new Map(toUIMessages(session, view).map((message) => [message.id, message]));
  return messages.some((message) => {
    const known = message.role === 'assistant' ? stored.get(message.id) : undefined;
    return known !== undefined && answersOf(message, known).length > 0;
  });
}

interface Made {
  readonly members: readonly SessionMessage[];
  readonly run: SessionRun | null;
  readonly message: UIMessage;
}

const made = new WeakMap<SessionMessage, Made>();

function answerMessage(session: Session, { id, members, runIds }: Group): UIMessage {
  const run = session.run(runIds.at(-1) ?? '');
  return remembered(members, run, () => assistantMessage(id, piecesOf({ members }), endingOf(run)));
}

function remembered(
  members: readonly SessionMessage[],
  run: SessionRun | null,
  make: () => UIMessage,
): UIMessage {
  const [first] = members;
  const known = first === undefined ? undefined : made.get(first);
  if (known !== undefined && known.run === run && isSameList(known.members, members)) return known.message;
  const message = make();
  if (first !== undefined) made.set(first, { members, run, message });
  return message;
}

const isSameList = (a: readonly SessionMessage[], b: readonly SessionMessage[]): boolean =>
  a.length === b.length && a.every((item, index) => item === b[index]);

function saidMessage(members: readonly SessionMessage[]): UIMessage {
  return remembered(members, null, () => {
    const [{ id, role, parts } = { id: '', role: 'user', parts: [] }] = members;
    const said = parts.map(saidIn);
    const metadata = said.findLast((each) => each.metadata !== undefined)?.metadata;
    return {
      id,
      role: role === 'system' ? 'system' : 'user',
      parts: said.flatMap((each) => each.parts),
      ...(metadata !== undefined && { metadata }),
    };
  });
}

interface Said {
  readonly parts: readonly UIPart[];
  readonly metadata?: unknown;
}

function saidIn(part: SessionMessage['parts'][number]): Said {
  const value = partValue(part);
  if (isObject(value)) {
    // CAST: what the channel holds is taken at its word.
    if (Array.isArray(value.parts)) return { parts: value.parts as UIPart[], metadata: value.metadata };
    if (isObject(value.part)) return { parts: [value.part as unknown as UIPart], metadata: value.metadata };
  }
  return { parts: [{ type: 'text', text: part.text }] };
}

/** What a message of the AI SDK's is published as: its text, where it is nothing else; for everybody, whatever they read it with. */
export function dataOfMessage({ id, role, parts, metadata }: UIMessage): unknown {
  const [first] = parts;
  const isText = parts.length === 1 && first?.type === 'text' && metadata === undefined;
  return isText && first.text !== ''
    ? first.text
    : { id, role, parts, ...(metadata !== undefined && { metadata }) };
}

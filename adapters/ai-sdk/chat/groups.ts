/**
 * Which messages of a session make one message of the AI SDK's: an answer, what people answered to its questions (approvals, outputs of
 * tools), and how it goes on. Must not know: what the parts say.
 */
import type { Session, SessionMessage } from '@sockudo/ai-transport';
import { ANSWERS } from '../parts/tracks.ts';

export interface Group {
  /** Id of its first message. */
  readonly id: string;
  /** An answer; otherwise one message of somebody's. */
  readonly isAnswer: boolean;
  readonly members: SessionMessage[];
  /** Runs that it is made of; the last one goes on with it. */
  readonly runIds: string[];
}

/** An input that belongs to a call of a tool, and is no message of its own. */
export const isToolAnswer = ({ parts: [first] }: SessionMessage): boolean =>
  first?.isInput === true && ANSWERS.test(first.codec.type ?? '');

export function groupsOf(messages: readonly SessionMessage[]): Group[] {
  const groups: Group[] = [];
  for (const message of messages) {
    const last = groups.at(-1);
    const isAnswer = message.role === 'assistant' || isToolAnswer(message);
    const continues = isAnswer && last?.isAnswer === true;
    if (continues && (isToolAnswer(message) || last.runIds.includes(message.runId))) {
      last.members.push(message);
      if (last.runIds.at(-1) !== message.runId) last.runIds.push(message.runId);
    } else if (!isToolAnswer(message))
      groups.push({ id: message.id, isAnswer, members: [message], runIds: [message.runId] });
  }
  return groups;
}

/** The answer that a run writes, or goes on with; null: it has none yet. Also of a run that no view shows. */
export function answerOfRun(session: Session, runId: string): Group | null {
  return (
    groupsOf(messagesBefore(session, runId, new Set())).findLast(
      ({ isAnswer, runIds }) => isAnswer && runIds.includes(runId),
    ) ?? null
  );
}

function messagesBefore(session: Session, runId: string, seen: Set<string>): SessionMessage[] {
  const ids = session.run(runId)?.messageIds ?? [];
  const messages = ids.flatMap((id) => session.message(id) ?? []);
  const [first] = messages;
  const parent = first?.parts[0]?.transport.parent;
  if (first === undefined || parent === undefined || !isToolAnswer(first) || seen.has(runId)) return messages;
  const before = session.message(parent);
  // It answers what another run has asked.
  return before === null
    ? messages
    : [...messagesBefore(session, before.runId, seen.add(runId)), ...messages];
}

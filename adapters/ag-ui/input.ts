/**
 * What a reader wants of the session when it runs its agent. The conversation before is the session's own: of the messages that the
 * reader sends along only the new ones count, and where they stand. Must not know: how a run is told.
 */
import type { Message, ResumeEntry, RunAgentInput } from '@ag-ui/core';
import type { Sent, Session, View } from '@sockudo/ai-transport';
import { contentOf } from '@sockudo/ai-transport/model';
import { openApprovals } from './ending.ts';
import { sessionIdOf } from './projection.ts';
import { sayingOf } from './user-content.ts';

type UserMessage = Extract<Message, { role: 'user' }>;
type ToolMessage = Extract<Message, { role: 'tool' }>;

/** What a user message becomes. Default: its text; with files, a message of the AI SDK's form. */
export type ToSaying = (message: UserMessage, input: RunAgentInput) => unknown;

export interface Asking {
  readonly session: Session;
  readonly view: View;
  /** Ids of messages that the reader has had: what it leaves out of them it wants replaced. */
  readonly seen: ReadonlySet<string>;
  readonly toSaying?: ToSaying | undefined;
}

/** Something on its way to a run. */
type Going = Pick<Sent, 'runId'> & { readonly published: Promise<unknown> };

export interface Asked {
  /** Run of the session. */
  readonly runId: string;
  /** What was sent; empty: the run is there, and is followed. */
  readonly sent: readonly Going[];
  /** It was at rest, and goes on with what was sent. */
  readonly continues: boolean;
}

/** Null: there is nothing to do. @throws SessionError */
export function ask(input: RunAgentInput, asking: Asking): Asked | null {
  const { session } = asking;
  const { resume = [] } = input;
  const resumed = resume.map((entry) => answerInterrupt(entry, asking));
  const results = newResults(input.messages, session);
  const answered = [...resumed, ...results.map((result) => answerCall(result, asking))].flatMap(
    (sent) => sent ?? [],
  );
  const [first] = answered;
  if (first !== undefined) return { runId: first.runId, sent: answered, continues: true };
  if (resume.length > 0) return null;
  const last = input.messages.at(-1);
  if (last?.role !== 'user') return followed(asking);
  return session.message(last.id) === null ? say(last, input, asking) : sayAgain(last, input, asking);
}

/** What the user says. After a message that the reader had others behind, it takes their place. */
function say(message: UserMessage, input: RunAgentInput, asking: Asking): Asked {
  const { session, view, seen } = asking;
  const data = dataOf(message, input, asking);
  const earlier = input.messages.slice(0, -1).filter(({ role }) => role !== 'system' && role !== 'developer');
  const before = lastKnown(earlier, session);
  const shown = view.messages;
  const place = shown.findIndex(({ id }) => id === before);
  const next = shown.slice(place + 1).find(({ role, id }) => role === 'user' && seen.has(id));
  if (next !== undefined && (place !== -1 || earlier.length === 0))
    return opened(session.edit(next.id, data, { messageId: message.id, view }));
  // Its id is the reader's own, so that both mean the same run.
  const runId = session.run(input.runId) === null ? { runId: input.runId } : {};
  return opened(session.send(data, { messageId: message.id, view, ...runId }));
}

const dataOf = (message: UserMessage, input: RunAgentInput, { toSaying }: Asking): unknown =>
  toSaying === undefined ? sayingOf(message.content) : toSaying(message, input);

/** The last thing said is known: another answer is wanted, or one that is on its way. */
function sayAgain(message: UserMessage, input: RunAgentInput, asking: Asking): Asked {
  const { session, view } = asking;
  const { id } = message;
  const shown = view.messages;
  const place = shown.findIndex((each) => each.id === id);
  const answer = shown.slice(place + 1).find(({ role }) => role === 'assistant');
  const run = session.run(session.message(id)?.runId ?? '');
  const isLive = run !== null && (run.status === 'queued' || run.status === 'running');
  if (isLive) return { runId: run.id, sent: [], continues: false };
  if (place !== -1 && answer !== undefined) return opened(session.regenerate(answer.id, { view }));
  return opened(session.edit(id, dataOf(message, input, asking), { view }));
}

function followed({ view }: Asking): Asked | null {
  const run = view.runs.findLast(({ status }) => status === 'queued' || status === 'running');
  return run === undefined ? null : { runId: run.id, sent: [], continues: false };
}

const opened = (sent: Sent): Asked => ({ runId: sent.runId, sent: [sent], continues: false });

function lastKnown(messages: readonly Message[], session: Session): string | null {
  for (const { id } of messages.toReversed()) {
    const known = sessionIdOf(id, (candidate) => session.message(candidate) !== null);
    if (known !== null) return known;
  }
  return null;
}

/** Results of calls that nobody has answered yet. */
function newResults(messages: readonly Message[], session: Session): ToolMessage[] {
  const given = messages.filter((message) => message.role === 'tool');
  if (given.length === 0) return [];
  const answered = new Set(
    session.runs.flatMap(({ messageIds }) =>
      messageIds.flatMap((id) => {
        const message = session.message(id);
        const pieces = message === null ? [] : contentOf(message);
        return pieces.flatMap((piece) => (piece.type === 'tool-output' ? [piece.toolCallId] : []));
      }),
    ),
  );
  return given.filter(({ toolCallId }) => !answered.has(toolCallId));
}

function answerCall({ id, toolCallId, content, error }: ToolMessage, asking: Asking): Sent | null {
  const runId = runThat(asking, (piece) => piece.type === 'tool-call' && piece.toolCallId === toolCallId);
  if (runId === null) return null;
  const output = typeof content === 'string' ? content : sayingOf(content);
  const type = error === undefined ? 'tool-result' : 'tool-result-error';
  const data = error === undefined ? { output } : { message: error };
  return asking.session.steer(runId, data, {
    messageId: id,
    role: 'tool',
    codec: { type, 'tool-call-id': toolCallId },
  });
}

function answerInterrupt({ interruptId, status, payload }: ResumeEntry, asking: Asking): Going | null {
  const { session } = asking;
  const isGiven = status === 'resolved';
  if (session.run(interruptId)?.status === 'suspended') {
    if (isGiven) return session.steer(interruptId, payload ?? '');
    return { runId: interruptId, published: session.cancel(interruptId) };
  }
  const runId = runThat(
    asking,
    (piece) => piece.type === 'tool-approval-request' && piece.approvalId === interruptId,
  );
  const pieces = runId === null ? [] : piecesOf(session, runId);
  const open = openApprovals(pieces).find(({ id }) => id === interruptId);
  if (runId === null || open?.toolCallId === undefined) return null;
  const { approved = true, reason } = typeof payload === 'object' && payload !== null ? payload : {};
  const isApproved = isGiven && approved === true && payload !== false;
  const data = {
    approvalId: interruptId,
    approved: isApproved,
    ...(typeof reason === 'string' && { reason }),
  };
  const codec = {
    type: 'tool-approval-response',
    'tool-call-id': open.toolCallId,
    'approval-id': interruptId,
    approved: String(isApproved),
  };
  return session.steer(runId, data, { codec });
}

type Piece = ReturnType<typeof contentOf>[number];

/** A live run of the view that says such a thing. */
function runThat({ view, session }: Asking, says: (piece: Piece) => boolean): string | null {
  const isOver = new Set(['complete', 'cancelled', 'error', 'lost']);
  const run = view.runs.findLast(
    ({ id, status }) => !isOver.has(status) && piecesOf(session, id).some((piece) => says(piece)),
  );
  return run?.id ?? null;
}

const piecesOf = (session: Session, runId: string): readonly Piece[] =>
  (session.run(runId)?.messageIds ?? []).flatMap((id) => {
    const message = session.message(id);
    return message === null ? [] : contentOf(message);
  });

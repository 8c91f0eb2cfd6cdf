/** How a run ends, in the words of the protocol. Must not know: how it is noticed. */
import { aggregateTokenUsage, type Event, EventType, type Interrupt, type TokenUsage } from '@ag-ui/core';
import type { SessionMessage, SessionRun } from '@sockudo/ai-transport';
import { type Content, contentOf, type ModelUsage } from '@sockudo/ai-transport/model';

/** Of the run as the protocol's reader names it. */
export interface RunIds {
  readonly threadId: string;
  readonly runId: string;
}

/** Null: it works, or waits for a worker. @param messages of the run */
export function endOf(run: SessionRun, messages: readonly SessionMessage[], ids: RunIds): Event | null {
  const pieces = messages.flatMap((message) => contentOf(message));
  const usage = usageOf(pieces);
  const common = usage.length > 0 ? { usage } : {};
  switch (run.status) {
    case 'complete':
    case 'suspended':
      return { type: EventType.RUN_FINISHED, ...ids, outcome: outcomeOf(run, pieces), ...common };
    case 'cancelled':
      return { type: EventType.RUN_FINISHED, ...ids, outcome: { type: 'cancelled' }, ...common };
    case 'error':
    case 'lost': {
      const { code = run.status, message = `The run ended: ${code}` } = run.error ?? {};
      return { type: EventType.RUN_ERROR, message, code, ...common };
    }
    default:
      return null;
  }
}

type Outcome = NonNullable<Extract<Event, { type: EventType.RUN_FINISHED }>['outcome']>;

function outcomeOf(run: SessionRun, pieces: readonly Content[]): Outcome {
  const interrupts = run.status === 'suspended' ? openApprovals(pieces) : [];
  if (interrupts.length > 0) return { type: 'interrupt', interrupts };
  const pendingToolCallIds = openCalls(pieces);
  if (pendingToolCallIds.length > 0) return { type: 'success', pendingToolCallIds };
  if (run.status === 'complete') return { type: 'success' };
  return { type: 'interrupt', interrupts: [{ id: run.id, reason: 'input_required' }] };
}

/** Calls that wait for a person's word. The id of the interrupt is that of the approval. */
export function openApprovals(pieces: readonly Content[]): Interrupt[] {
  const settled = new Set(
    pieces.flatMap((piece) =>
      piece.type === 'tool-output' || piece.type === 'tool-approval-response' ? [piece.toolCallId] : [],
    ),
  );
  return pieces.flatMap((piece) =>
    piece.type === 'tool-approval-request' && !settled.has(piece.toolCallId)
      ? [{ id: piece.approvalId, reason: 'tool_approval', toolCallId: piece.toolCallId }]
      : [],
  );
}

/** Calls that the page has to answer. */
function openCalls(pieces: readonly Content[]): string[] {
  const answered = new Set(
    pieces.flatMap((piece) => (piece.type === 'tool-output' ? [piece.toolCallId] : [])),
  );
  return pieces.flatMap((piece) =>
    piece.type === 'tool-call' &&
    piece.isComplete &&
    !piece.providerExecuted &&
    !answered.has(piece.toolCallId)
      ? [piece.toolCallId]
      : [],
  );
}

/** One entry for each model. */
function usageOf(pieces: readonly Content[]): TokenUsage[] {
  const entries: TokenUsage[] = [];
  let model: TokenUsage = {};
  for (const piece of pieces) {
    if (piece.type === 'response') model = namesOf(piece);
    if (piece.type === 'usage') entries.push({ ...model, ...countsOf(piece.usage) });
  }
  return aggregateTokenUsage(entries);
}

const namesOf = ({ provider, model }: Extract<Content, { readonly type: 'response' }>): TokenUsage => ({
  provider,
  ...(model !== undefined && { model }),
});

const COUNTS = [
  'inputTokens',
  'outputTokens',
  'totalTokens',
  'reasoningTokens',
  'cachedInputTokens',
] as const;

/** Readers refuse what is no count. */
const countsOf = (usage: ModelUsage): TokenUsage =>
  Object.fromEntries(
    COUNTS.map((name) => [name, usage[name]] as const).filter(
      ([, count]) => typeof count === 'number' && Number.isInteger(count) && count >= 0,
    ),
  );

/**
 * Messages and runs as a user interface gets them, made of the tree and of the texts as they stand. What did not change is the same
 * object as before. Must not know: which branch is shown.
 */
import { isTerminal, type RunError, type RunRecord, type RunStatus } from '../../wire/index.ts';
import { defined } from '../../wire/lifecycle.ts';
import type { LoggedMessage, MessageLog } from '../log/message-log.ts';
import {
  isToolAnswer,
  type MessagePart,
  type MessageStatus,
  type SessionMessage,
  type SessionRun,
} from './model.ts';
import { type DraftMessage, isWritten } from './run-facts.ts';
import type { RunNode } from './tree.ts';

/** What is known of an input that the server has not confirmed. */
export interface Sending {
  readonly status: 'sending' | 'failed';
  readonly error?: RunError;
}

interface Made {
  /** All its parts as they stood, also those that were deleted. */
  readonly sources: readonly LoggedMessage[];
  readonly status: RunRecord['status'];
  readonly sending: Sending | undefined;
  /** Null where every part of it was deleted. */
  readonly message: SessionMessage | null;
}

/** Messages remembered beyond those that are shown. */
const SPARE = 1_000;

export class Messages {
  readonly #made = new Map<string, Made>();
  /** The same by what the tree says a message consists of, which is one object for as long as the tree is. */
  readonly #ofDraft = new WeakMap<DraftMessage, Made>();
  readonly #runs = new WeakMap<RunNode, SessionRun>();

  /** Null where every part of it was deleted. */
  message(
    node: RunNode,
    id: string,
    log: Pick<MessageLog, 'get'>,
    sendingOf: (key: string) => Sending | undefined,
  ): SessionMessage | null {
    const draft = node.facts.messages.get(id);
    const known = draft === undefined ? undefined : this.#ofDraft.get(draft);
    if (known !== undefined && isUnchanged(known, log, sendingOf)) return known.message;
    const key = `${node.id}\n${id}`;
    const made = this.#made.get(key);
    const { status } = node.state;
    const sources = sourcesOf(node, id, log);
    const sending = sources[0] === undefined ? undefined : sendingOf(sources[0].key);
    if (made !== undefined && isSame(made, sources, status, sending)) {
      if (draft !== undefined) this.#ofDraft.set(draft, made);
      return made.message;
    }
    const shown = sources.filter(({ isDeleted }) => !isDeleted);
    const isAnswer = draft !== undefined && isWritten(draft);
    const isShown = shown.some(({ event }) => !isAnswer || event !== 'ai-input');
    const message = isShown ? messageOf(node, id, shown, sending) : null;
    const now = { sources, status, sending, message };
    this.#made.set(key, now);
    if (draft !== undefined) this.#ofDraft.set(draft, now);
    return message;
  }

  run(node: RunNode): SessionRun {
    let run = this.#runs.get(node);
    if (run === undefined) {
      run = runOf(node);
      this.#runs.set(node, run);
    }
    return run;
  }

  /** To be called now and then; `inUse`: messages of the tree. */
  forgetBeyond(inUse: number): void {
    if (this.#made.size > inUse + SPARE) this.#made.clear();
  }
}

function sourcesOf(node: RunNode, id: string, log: Pick<MessageLog, 'get'>): LoggedMessage[] {
  const events = node.facts.messages.get(id)?.events ?? [];
  return events
    .filter((event) => node.steps.counts(event))
    .map(({ message }) => log.get(message.key) ?? message);
}

/** The common case, and there are many messages: nothing is made to find it out. */
function isUnchanged(
  { sources, sending }: Made,
  log: Pick<MessageLog, 'get'>,
  sendingOf: (key: string) => Sending | undefined,
): boolean {
  for (const source of sources) if ((log.get(source.key) ?? source) !== source) return false;
  return sources[0] === undefined || sendingOf(sources[0].key) === sending;
}

function isSame(
  made: Made,
  sources: readonly LoggedMessage[],
  status: RunRecord['status'],
  sending: Sending | undefined,
): boolean {
  return (
    made.sending === sending &&
    made.status === status &&
    made.sources.length === sources.length &&
    made.sources.every((source, index) => source === sources[index])
  );
}

function messageOf(
  node: RunNode,
  id: string,
  sources: readonly LoggedMessage[],
  sending: Sending | undefined,
): SessionMessage {
  const { status: runStatus } = node.state;
  const parts = sources.map((source) => partOf(source, runStatus));
  const isInput = parts.every((part) => part.isInput);
  // What people answered to an answer says nothing about it.
  const own = sources.filter(({ event }) => isInput || event !== 'ai-input');
  const ownParts = parts.filter((part) => part.isInput === isInput);
  const { transport = {}, atMs } = own[0] ?? {};
  const error = sending?.error ?? errorOf(own, node.state, isInput);
  const status = sending?.status ?? statusOf(ownParts, node.state, error);
  return {
    id,
    runId: node.id,
    role: isInput ? roleOfInput(own[0]) : (transport.role ?? 'assistant'),
    status,
    parts,
    ...defined({
      clientId: transport[isInput ? 'input-client-id' : 'step-client-id'] || undefined,
      error,
      createdAtMs: atMs,
    }),
  };
}

/** Nobody speaks as the model, or as the application, but who answers for them. */
function roleOfInput(input: LoggedMessage | undefined): string {
  const { role = 'user', 'input-client-id': author } = input?.transport ?? {};
  const isClaim = author && (role === 'assistant' || role === 'system');
  return isClaim && input !== undefined && !isToolAnswer(input) ? 'user' : role;
}

function partOf(
  { key, event, text = '', transport, codec }: LoggedMessage,
  runStatus: RunStatus,
): MessagePart {
  const { 'stream-id': streamId, 'step-id': stepId } = transport;
  const status = streamStatus(transport.status, runStatus);
  return {
    id: key,
    text,
    isInput: event === 'ai-input',
    codec,
    transport,
    ...defined({ streamId, stepId, status }),
  };
}

/** Whoever would have gone on writing is gone. */
function streamStatus(status: string | undefined, runStatus: RunStatus): MessagePart['status'] | undefined {
  if (status === 'streaming') {
    if (runStatus === 'complete') return 'complete';
    return isTerminal(runStatus) ? 'cancelled' : 'streaming';
  }
  return status === 'complete' || status === 'cancelled' ? status : undefined;
}

function statusOf(
  parts: readonly MessagePart[],
  state: RunRecord,
  error: RunError | undefined,
): MessageStatus {
  if (parts.some(({ status }) => status === 'streaming')) return 'streaming';
  if (error !== undefined) return 'error';
  if (!parts.some(({ status }) => status === 'cancelled')) return 'complete';
  return state.status === 'error' || state.status === 'lost' ? 'error' : 'cancelled';
}

/** What a stream says of its own end; of one that was cut off, what its run says. */
function errorOf(
  sources: readonly LoggedMessage[],
  state: RunRecord,
  isInput: boolean,
): RunError | undefined {
  if (isInput) return undefined;
  const failed = sources.findLast(({ transport }) => transport['error-code']);
  const code = failed?.transport['error-code'];
  if (code !== undefined) return { code, ...defined({ message: failed?.transport['error-message'] }) };
  const isCut = sources.some(({ transport }) => transport.status === 'streaming');
  return isCut && isTerminal(state.status) ? state.error : undefined;
}

function runOf({ id, facts, steps, state, known, messageIds }: RunNode): SessionRun {
  const model = facts.events.findLast(({ lifecycle }) => lifecycle.model !== undefined)?.lifecycle.model;
  const { status, clientId, error, cancelRequested, generation, lease } = state;
  return {
    id,
    status,
    isCancelRequested: cancelRequested && !isTerminal(status),
    generation,
    messageIds,
    steps: steps.steps,
    ...defined({
      clientId,
      error,
      model,
      workerId: lease?.workerId,
      queuedAtMs: status === 'queued' ? known?.queuedAtMs : undefined,
      supersedes: facts.supersedes[0],
      createdAtMs: facts.events[0]?.message.atMs,
    }),
  };
}

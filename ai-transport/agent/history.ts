/**
 * The conversation that leads to a run's input, folded from the channel's history: messages as they stand, oldest first, along the
 * branch that the input belongs to. Must not know: how the history is read.
 */
import type { HistoryItem } from '@sockudo/protocol';
import { type Lifecycle, lifecycleOf, type WireHeaders } from '../wire/index.ts';
import { AgentError } from './errors.ts';
import { eventNameOf, objectIn, transportOf } from './news.ts';

/** A piece of a message: what one event of the channel said. */
export interface MessagePart {
  /** The codec's word, without `-start`, `-end` and `-available`: `text`, `reasoning`, `tool-input`, `tool-output`, … */
  readonly type: string;
  /** Text, or the JSON text of anything else. */
  readonly data: string;
  readonly codec: WireHeaders;
  /** `complete`: it came at once, or its stream was closed. */
  readonly status: 'streaming' | 'complete' | 'cancelled';
}

export interface ConversationMessage {
  /** Codec message id. */
  readonly id: string;
  /** Of what a user sent `user`, whatever it says of itself: nobody speaks as the model, or as the application. */
  readonly role: string;
  /** It came by `ai-input`. */
  readonly isInput: boolean;
  readonly runId: string;
  /** Author of an input, as the server verified it or a trusted publisher said. */
  readonly clientId?: string | undefined;
  /** Codec id of the message before its run. */
  readonly parent?: string | undefined;
  /** Delivery serial of its first event. */
  readonly serial: number;
  readonly parts: readonly MessagePart[];
  /** Text of its parts of type `text` in a row; of an input, its data. */
  readonly text: string;
}

/** Where the conversation ends. */
export interface ConversationEnd {
  readonly runId: string;
  /** Delivery serial of the input that is answered; absent: everything in the run counts. */
  readonly inputSerial?: number | undefined;
  readonly parent?: string | undefined;
  /** Message in whose place the run's stands: of an edit, of a regeneration. */
  readonly replaces?: string | undefined;
}

/** Inputs and outputs that are held at once. */
const ROWS_MAX = 100_000;

interface Row {
  readonly lifecycle: Lifecycle;
  readonly codec: WireHeaders;
  readonly data: string;
  readonly role: string | undefined;
  readonly serial: number;
}

type Building = { -readonly [Key in keyof ConversationMessage]: ConversationMessage[Key] } & {
  parts: MessagePart[];
  replaces?: string | undefined;
};

/** Folds rows of a history, in the order of the channel. Deleted messages, and what a retried step wrote before, are left out. */
export class Conversation {
  readonly #rows: Row[] = [];
  /** Where each run begins. */
  readonly #begins = new Map<string, number>();
  /** Newest start of each step, by run and step. */
  readonly #starts = new Map<string, number>();

  add({ message, serial }: Pick<HistoryItem, 'message' | 'serial'>): void {
    if ('message_serial' in message && (message.action === 'delete' || message.data === undefined)) return;
    const transport = transportOf({ extras: message.extras });
    const lifecycle = lifecycleOf(eventNameOf(message), transport);
    if (lifecycle?.runId === undefined) return;
    const at = Number(serial);
    if (!this.#begins.has(lifecycle.runId)) this.#begins.set(lifecycle.runId, at);
    if (lifecycle.kind === 'step-start') this.#starts.set(stepKey(lifecycle), at);
    const isSaid =
      lifecycle.kind === 'input' ? lifecycle.regenerates === undefined : lifecycle.kind === 'output';
    if (!isSaid) return;
    if (this.#rows.length >= ROWS_MAX)
      throw new AgentError('history_too_long', `A conversation has at most ${ROWS_MAX} events`);
    const { codec } = objectIn(objectIn(message.extras).ai);
    const data = typeof message.data === 'string' ? message.data : JSON.stringify(message.data ?? '');
    // CAST: the server lets nothing but strings through.
    const row = { lifecycle, codec: (codec ?? {}) as WireHeaders, data, role: transport?.role, serial: at };
    this.#rows.push(row);
  }

  /** The messages up to the input, which is the last one. Without an end: those up to the newest message. */
  messages(end?: ConversationEnd): readonly ConversationMessage[] {
    const rows = this.#rows.filter((row) => this.#counts(row));
    if (end === undefined) {
      const all = folded(rows);
      return led(all, all.at(-1)?.id, undefined);
    }
    const { runId, parent, replaces } = end;
    const all = folded(rows.filter((row) => this.#precedes(row, end)));
    const own = all.filter((message) => message.runId === runId);
    const others = all.filter((message) => message.runId !== runId);
    return [...led(others, parent ?? own[0]?.parent, replaces), ...own];
  }

  /** What was asked before is answered before, even where the answer was not there when the input came. */
  #precedes({ lifecycle, serial }: Row, { runId, inputSerial }: ConversationEnd): boolean {
    if (inputSerial === undefined) return true;
    if (lifecycle.runId === runId) return serial <= inputSerial;
    return (this.#begins.get(lifecycle.runId ?? '') ?? serial) < inputSerial;
  }

  /** An output of a step counts when it belongs to the step's newest start. Steps that name no start count. */
  #counts({ lifecycle }: Row): boolean {
    const { stepId, stepStartSerial } = lifecycle;
    if (lifecycle.kind !== 'output' || stepId === undefined || stepStartSerial === undefined) return true;
    const newest = this.#starts.get(stepKey(lifecycle));
    // Sockudo's own agents name the start by its message serial, which is no number.
    if (newest === undefined || !/^\d+$/.test(stepStartSerial)) return true;
    return Number(stepStartSerial) >= newest;
  }
}

const stepKey = ({ runId, stepId }: Lifecycle): string => JSON.stringify([runId, stepId]);

/** Messages with their parts, each where its first event stands. */
function folded(rows: readonly Row[]): Building[] {
  const messages = new Map<string, Building>();
  for (const { lifecycle, codec, data, role, serial } of rows) {
    const { runId = '', codecMessageId, kind, parent, inputClientId } = lifecycle;
    const isInput = kind === 'input';
    const id = codecMessageId ?? lifecycle.eventId ?? `${runId}:${serial}`;
    const key = JSON.stringify([runId, isInput, id]);
    const message: Building = messages.get(key) ?? {
      id,
      role: isInput && inputClientId ? 'user' : (role ?? (isInput ? 'user' : 'assistant')),
      isInput,
      runId,
      clientId: isInput ? inputClientId : undefined,
      parent,
      replaces: lifecycle.regenerates ?? lifecycle.forkOf,
      serial,
      parts: [],
      text: '',
    };
    const part = partOf(codec, data, lifecycle, isInput);
    message.parts.push(part);
    if (isInput || part.type === 'text') message.text += data;
    messages.set(key, message);
  }
  return [...messages.values()];
}

function partOf(codec: WireHeaders, data: string, { status }: Lifecycle, isInput: boolean): MessagePart {
  const type = codec.type?.replace(/-(start|end|available)$/, '') ?? (isInput ? 'input' : 'output');
  return { type, data, codec, status: status ?? 'complete' };
}

/** What leads to the message `last`, for what stands in the place of `replaces`. */
const led = (
  messages: readonly Building[],
  last: string | undefined,
  replaces: string | undefined,
): readonly Building[] =>
  messages.every(({ parent }) => parent === undefined)
    ? line(messages, last)
    : branch(messages, last, replaces);

/** Of a conversation in which nobody names a parent: everything up to the message `last`. */
function line(messages: readonly Building[], last: string | undefined): readonly Building[] {
  const end = messages.findLast(({ id }) => id === last);
  return end === undefined ? messages : messages.filter(({ serial }) => serial <= end.serial);
}

/**
 * From the root to the message `last`: whole runs, since a question is followed by its answer, whenever that came. Of a run that a part
 * is replaced of, only what stands up to the message that the next one names.
 */
function branch(
  messages: readonly Building[],
  last: string | undefined,
  replaces: string | undefined,
): Building[] {
  const found: Building[][] = [];
  const seen = new Set<string>();
  for (let id = last, replaced = replaces; id !== undefined; ) {
    const end = messages.findLast((message) => message.id === id || message.runId === id);
    if (end === undefined || seen.has(end.runId)) break;
    seen.add(end.runId);
    const whole = messages.filter(({ runId }) => runId === end.runId);
    const isCut = whole.some((message) => message.id === replaced);
    const run = isCut ? whole.filter(({ serial }) => serial <= end.serial) : whole;
    found.unshift(run);
    id = run[0]?.parent;
    replaced = run[0]?.replaces;
  }
  return found.flat();
}

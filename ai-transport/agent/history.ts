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
  readonly role: string;
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
};

/** Folds rows of a history, in the order of the channel. Deleted messages, and what a retried step wrote before, are left out. */
export class Conversation {
  readonly #rows: Row[] = [];
  /** Newest start of each step, by run and step. */
  readonly #starts = new Map<string, number>();

  add({ message, serial }: Pick<HistoryItem, 'message' | 'serial'>): void {
    if ('message_serial' in message && (message.action === 'delete' || message.data === undefined)) return;
    const transport = transportOf({ extras: message.extras });
    const lifecycle = lifecycleOf(eventNameOf(message), transport);
    if (lifecycle?.runId === undefined) return;
    const at = Number(serial);
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
      return led(all, all.at(-1)?.id);
    }
    const { runId, inputSerial, parent } = end;
    const isBefore = ({ lifecycle, serial }: Row): boolean =>
      inputSerial === undefined ||
      serial < inputSerial ||
      (serial === inputSerial && lifecycle.runId === runId);
    const all = folded(rows.filter(isBefore));
    const own = all.filter((message) => message.runId === runId);
    const others = all.filter((message) => message.runId !== runId);
    return [...led(others, parent ?? own[0]?.parent), ...own];
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
      role: role ?? (isInput ? 'user' : 'assistant'),
      runId,
      clientId: isInput ? inputClientId : undefined,
      parent,
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

/** What leads to the message `last`. */
const led = (messages: readonly Building[], last: string | undefined): readonly Building[] =>
  messages.every(({ parent }) => parent === undefined) ? line(messages, last) : branch(messages, last);

/** Of a conversation in which nobody names a parent: everything up to the message `last`. */
function line(messages: readonly Building[], last: string | undefined): readonly Building[] {
  const end = messages.findLast(({ id }) => id === last);
  return end === undefined ? messages : messages.filter(({ serial }) => serial <= end.serial);
}

/** From the root to the message `last`: of each run what stands up to the message that the next one names. */
function branch(messages: readonly Building[], last: string | undefined): Building[] {
  const found: Building[][] = [];
  const seen = new Set<string>();
  for (let id = last; id !== undefined; ) {
    const end = messages.findLast((message) => message.id === id || message.runId === id);
    if (end === undefined || seen.has(end.runId)) break;
    seen.add(end.runId);
    const run = messages.filter(({ runId, serial }) => runId === end.runId && serial <= end.serial);
    found.unshift(run);
    id = run[0]?.parent;
  }
  return found.flat();
}

// One response: what it says, its state, and the events that told both. Must not know: HTTP, where responses are kept.
import type { Turn } from '../answer/question.ts';
import { FailError, type Performance, perform } from '../stream/perform.ts';
import { newId, type Piece, type Play } from '../stream/play.ts';
import { EventLog, type NumberedEvent } from './event-log.ts';
import { OutputItem } from './items.ts';
import type { ResponsesRequest } from './request.ts';
import { FAILURE, type ResponseStatus, responseValue } from './response-value.ts';

/** A guess. */
const EVENT_BYTES = 500;

export class StoredResponse {
  readonly id = newId('resp');
  readonly request: ResponsesRequest;
  readonly #createdAt = Math.floor(Date.now() / 1000);
  /** The conversation up to its question. */
  readonly #turns: readonly Turn[];
  readonly #play: Play;
  readonly #stop = new AbortController();
  readonly #items: OutputItem[] = [];
  readonly #log = new EventLog();
  #status: ResponseStatus;

  constructor(request: ResponsesRequest, turns: readonly Turn[], play: Play) {
    this.request = request;
    this.#turns = turns;
    this.#play = play;
    this.#status = request.background === true ? 'queued' : 'in_progress';
  }

  /** About what it takes of memory, in bytes: the conversation, and an event for each word. */
  get size(): number {
    const characters = this.#turns.reduce((sum, { text }) => sum + text.length, 0);
    return 2 * characters + EVENT_BYTES * this.#play.pieces.length;
  }

  get status(): ResponseStatus {
    return this.#status;
  }

  get isOver(): boolean {
    return this.#status !== 'queued' && this.#status !== 'in_progress';
  }

  /** The turns with its own answer, for a response that goes on from it. */
  get conversation(): readonly Turn[] {
    const { parts } = this.#play;
    const text = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
    const calls = parts.flatMap((part) =>
      part.kind === 'call' ? [{ id: part.id, name: part.name, arguments: part.text }] : [],
    );
    return [...this.#turns, { role: 'assistant', text, calls }];
  }

  /** As the API shows it. */
  get value(): object {
    const output = this.#items.map(({ value }) => value);
    const { id, request } = this;
    return responseValue(
      { id, createdAt: this.#createdAt, status: this.#status, output, usage: this.#play.usage },
      request,
    );
  }

  /** Speaks to the end, or until it is cancelled, or until the signal says that nobody listens. What goes wrong is part of its state. */
  async run(performance: Performance): Promise<void> {
    const signal = AbortSignal.any([performance.signal, this.#stop.signal]);
    this.#tellState('created');
    if (this.request.background === true) this.#tellState('queued');
    this.#status = 'in_progress';
    this.#tellState('in_progress');
    try {
      for await (const piece of perform(this.#play, { ...performance, signal })) this.#say(piece);
      this.#finish(this.#play.reason === 'length' ? 'incomplete' : 'completed');
    } catch (error) {
      this.#finish(error instanceof FailError ? 'failed' : 'cancelled');
    }
  }

  /** Ends it where it is; what is over already stays as it is. */
  cancel(): void {
    this.#finish('cancelled');
    this.#stop.abort();
  }

  /** What was told after the event of this number, and what is still to come. */
  events(after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    return this.#log.after(after, signal);
  }

  #say({ part: index, text }: Piece): void {
    const part = this.#play.parts[index];
    if (part === undefined || this.isOver) return;
    let item = this.#items[index];
    if (item === undefined) {
      this.#closeItem('completed');
      item = new OutputItem(part, index);
      for (const event of item.begin()) this.#log.add(event);
      this.#items.push(item);
    }
    this.#log.add(item.grow(text));
  }

  #closeItem(status: 'completed' | 'incomplete'): void {
    for (const event of this.#items.at(-1)?.finish(status) ?? []) this.#log.add(event);
  }

  /** There is no event for a cancelled response: its stream just ends, and reading its state tells why. */
  #finish(status: 'completed' | 'incomplete' | 'failed' | 'cancelled'): void {
    if (this.isOver) return;
    if (status === 'completed' || status === 'incomplete') this.#closeItem(status);
    else this.#items.at(-1)?.breakOff();
    this.#status = status;
    if (status === 'failed') this.#log.add({ type: 'error', ...FAILURE, param: null });
    if (status !== 'cancelled') this.#tellState(status);
    this.#log.close();
  }

  #tellState(state: Exclude<ResponseStatus, 'cancelled'> | 'created'): void {
    this.#log.add({ type: `response.${state}`, response: this.value });
  }
}

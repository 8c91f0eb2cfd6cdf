/**
 * One message that grows while a model writes: created with the first text, appended to over one request, closed once. What comes while
 * the request is full is joined into one append, so nobody waits for a single token. A stream of appends that breaks is repaired by one
 * update with the whole text. Must not know: where the text comes from.
 */
import type { AppendStream } from 'sockudo';
import type { AiMessage } from '../wire/index.ts';
import { AgentError, statusOf } from './errors.ts';
import { minimumLength, PIECE_WAIT_MS, pieceLength } from './pacing.ts';
import { type Publisher, randomId } from './publisher.ts';

/** How a message is closed. */
export interface Ending {
  readonly status: 'complete' | 'cancelled';
  readonly error?: { readonly code: string; readonly message?: string | undefined } | undefined;
}

export interface TextMessageParts {
  readonly publisher: Publisher;
  readonly create: AiMessage;
  readonly terminal: (ending: Ending) => AiMessage;
  /** Appends under way before text is joined. */
  readonly maxInFlight: number;
  /** The message was created. */
  readonly onCreate?: (() => void) | undefined;
  /** The message cannot be written any further. Called at most once. */
  readonly onFailure: (error: AgentError) => void;
}

/** Text that may wait for its request, UTF-16 units; more, and the source is not read. */
const PENDING_MAX_LENGTH = 256 * 1024;
const REPAIRS_MAX = 5;

export class TextMessage {
  readonly #parts: TextMessageParts;
  readonly #done: Promise<void>;
  #text = '';
  /** Its end, which no request has been given yet. Kept apart: cutting the whole text for each token would copy it each time. */
  #pending = '';
  #appends = 0;
  #repairs = 0;
  #serial: string | null = null;
  #writer: Writer | null = null;
  /** The message takes no more appends. */
  #takesUpdatesOnly = false;
  /** Why the stream of appends ended; noticed also while there is nothing to write. */
  #broken: unknown = null;
  #ending: Ending | null = null;
  #hasFailed = false;
  #waiting: (() => void)[] = [];

  constructor(parts: TextMessageParts) {
    this.#parts = parts;
    this.#done = this.#run();
    this.#done.catch((error: AgentError) => {
      this.#hasFailed = true;
      this.#wake();
      parts.onFailure(error);
    });
  }

  /** Everything that was pushed. */
  get text(): string {
    return this.#text;
  }

  /** Null before there was any text. */
  get serial(): string | null {
    return this.#serial;
  }

  push(text: string): void {
    if (text === '' || this.#ending !== null) return;
    this.#text += text;
    this.#pending += text;
    this.#wake();
  }

  /** True: read no more until {@link room}. */
  get isFull(): boolean {
    return !this.#hasFailed && this.#pending.length >= PENDING_MAX_LENGTH;
  }

  async room(): Promise<void> {
    while (this.isFull) await this.#changed();
  }

  /**
   * Closes the message; the first call counts. Resolves when that is stored.
   * @throws AgentError `fenced`, `publish_failed`, `message_too_large`
   */
  finish(ending: Ending): Promise<void> {
    this.#ending ??= ending;
    this.#wake();
    return this.#done;
  }

  /** Gives up what is not stored: the claim is gone. */
  abandon(): void {
    this.#ending ??= { status: 'cancelled' };
    void this.#writer?.abort().catch(() => {});
    this.#wake();
  }

  async #run(): Promise<void> {
    while (await this.#hasPiece()) await this.#send(this.#take());
    if (this.#serial !== null) await this.#close(this.#serial);
  }

  /** What requests have been given. */
  get #taken(): string {
    return this.#text.slice(0, this.#text.length - this.#pending.length);
  }

  /** Waits for text that is worth an append; false: what is left goes with the end. */
  async #hasPiece(): Promise<boolean> {
    let isLate = false;
    while (true) {
      this.#refuseIfClosed();
      if (this.#broken !== null && this.#ending === null) await this.#repair(this.#broken);
      const waiting = this.#pending;
      const length = pieceLength(waiting, this.#ending !== null);
      const isRest = length === waiting.length && this.#serial !== null;
      if (this.#ending !== null) return length > 0 && !isRest;
      if (length > 0 && (isLate || length >= minimumLength(this.#appends))) return true;
      isLate = length > 0 && (await this.#changedWithin(PIECE_WAIT_MS));
      if (length === 0) await this.#changed();
    }
  }

  #take(): string {
    const piece = this.#pending;
    const length = pieceLength(piece, this.#ending !== null);
    this.#pending = piece.slice(length);
    return piece.slice(0, length);
  }

  async #send(piece: string): Promise<void> {
    const { publisher, create } = this.#parts;
    if (this.#serial === null) {
      this.#serial = (await publisher.publish(create, piece)).messageSerial;
      this.#parts.onCreate?.();
      return;
    }
    this.#appends += 1;
    if (this.#takesUpdatesOnly) await this.#update(this.#serial, create, this.#taken);
    else {
      await this.#open(this.#serial)
        .write(piece)
        .catch((error: unknown) => this.#repair(error));
    }
    this.#wake();
  }

  #open(serial: string): Writer {
    if (this.#writer !== null) return this.#writer;
    const writer = this.#parts.publisher.appends(serial, this.#parts.maxInFlight).getWriter();
    this.#writer = writer;
    writer.closed.catch((error: unknown) => {
      if (this.#writer !== writer) return;
      this.#broken = error;
      this.#wake();
    });
    return writer;
  }

  /** The whole text in one update; appends go on after it, unless the message has had too many. */
  async #repair(error: unknown): Promise<void> {
    this.#writer = null;
    this.#broken = null;
    this.#refuse(error);
    this.#repairs += 1;
    if (this.#repairs > REPAIRS_MAX) throw this.#parts.publisher.failure(error);
    this.#takesUpdatesOnly ||= isTooLarge(error);
    await this.#update(this.#serial ?? '', this.#parts.create, this.#taken);
  }

  async #close(serial: string): Promise<void> {
    const ending = this.#ending ?? { status: 'complete' };
    const message = this.#parts.terminal(ending);
    this.#refuseIfClosed();
    const rest = this.#pending;
    this.#pending = '';
    // After a repair a late append might still have come: only an update says how it really ends.
    if (this.#writer !== null && this.#repairs === 0) {
      try {
        void this.#writer.write({ data: rest, extras: message.extras }).catch(() => {});
        await this.#writer.close();
        return;
      } catch (error) {
        this.#refuse(error);
      }
    }
    await this.#update(serial, message, this.#text);
  }

  async #update(serial: string, { extras }: AiMessage, data: string): Promise<void> {
    const { publisher, terminal } = this.#parts;
    try {
      await publisher.update(serial, { data, extras, op_id: randomId() });
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      const closing = terminal({ status: 'cancelled', error: { code: 'message_too_large' } });
      await publisher.update(serial, { extras: closing.extras, op_id: randomId() });
      throw new AgentError('message_too_large', 'The message may not grow further', { cause: error });
    }
  }

  /** Throws what no repair helps against. */
  #refuse(error: unknown): void {
    this.#refuseIfClosed();
    const failure = this.#parts.publisher.failure(error);
    if (failure.code === 'fenced') throw failure;
    const status = statusOf(error);
    // The message is gone, or nobody may write here.
    if (status === 404 || status === 401 || status === 403) throw failure;
  }

  #refuseIfClosed(): void {
    const { closedBy } = this.#parts.publisher;
    if (closedBy !== null) throw closedBy;
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** True: nothing changed within this time. */
  async #changedWithin(ms: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), ms);
    });
    const isLate = await Promise.race([late, this.#changed().then(() => false)]);
    clearTimeout(timer);
    return isLate;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

const isTooLarge = (error: unknown): boolean =>
  statusOf(error instanceof AgentError ? error.cause : error) === 413;

type Writer = WritableStreamDefaultWriter<Parameters<ReturnType<AppendStream['getWriter']>['write']>[0]>;

/**
 * What the user's side has said and the channel does not show yet. Everything has an id of its own that the server knows again, so what
 * may have arrived can be sent once more; and it leaves this list only when it was read back, or refused.
 * Must not know: sockets, trees.
 */
import { RequestError } from '@sockudo/client';
import type { AiMessage } from '../../wire/index.ts';
import type { LogEntry } from '../log/entry.ts';
import type { LoggedMessage } from '../log/message-log.ts';
import type { Serial } from '../log/serials.ts';
import type { Sending } from '../tree/messages.ts';
import { SessionError } from './errors.ts';
import type { Surroundings } from './surroundings.ts';

/** Sends that have not been confirmed. */
export const OUTBOX_MAX = 64;
/** How often one is tried on a connection that is there. */
export const ATTEMPTS_MAX = 5;

/** Where something that was sent stands in the channel. */
export interface Published {
  /** Absent where the server did not say. */
  readonly messageSerial?: string;
  readonly serial: Serial | null;
}

/** To be published. */
export interface Outgoing extends AiMessage {
  /** `event-id` and `message_id` of it. */
  readonly id: string;
  /** A text, or an object as JSON. */
  readonly data: unknown;
  /** Of whom, as far as that is known here. */
  readonly clientId: string | undefined;
}

/**
 * Publishes; null: sent, and nobody will acknowledge it. Rejects with a RequestError where trying again may help. An aborted signal: it
 * is not to be repeated any more.
 */
export type Publish = (outgoing: Outgoing, signal: AbortSignal) => Promise<Published | null>;

interface Item {
  readonly outgoing: Outgoing;
  /** `sent`: acknowledged, but not read back. */
  state: 'waiting' | 'sending' | 'sent' | 'failed';
  attempts: number;
  /** Of the newest attempt: others have failed already. */
  newest: object;
  message: LoggedMessage;
  sending: Sending | undefined;
  readonly settle: (result: Published | SessionError) => void;
}

export interface OutboxOptions {
  readonly publish: Publish;
  readonly surroundings: Pick<Surroundings, 'setTimer' | 'clearTimer'>;
  /** What is shown of it is another than before. */
  readonly changed: () => void;
  /** Something was acknowledged that will not be read back. */
  readonly adopt: (message: LoggedMessage) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #items = new Map<string, Item>();
  readonly #timers = new Set<unknown>();
  #isOpen = false;
  /** Until the session is live no more. */
  #live = new AbortController();
  #arrivals = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** What is shown of it, in the order of sending. */
  messages(): readonly LoggedMessage[] {
    return [...this.#items.values()].map(({ message }) => message);
  }

  /** How a message that came from here is doing; undefined for all others. */
  sendingOf(key: string): Sending | undefined {
    return this.#items.get(key.slice(PENDING.length))?.sending;
  }

  /** Sends as soon as that is possible. Rejects with SessionError `outbox_full`, `refused`, `unconfirmed`, `closed`. */
  add(outgoing: Outgoing): Promise<Published> {
    if (this.#items.size >= OUTBOX_MAX && !this.#makeRoom())
      return Promise.reject(new SessionError('outbox_full', `${OUTBOX_MAX} sends have not been confirmed`));
    return new Promise((resolve, reject) => {
      this.#arrivals += 1;
      this.#items.set(outgoing.id, {
        outgoing,
        state: 'waiting',
        attempts: 0,
        newest: NONE,
        message: optimistic(outgoing, this.#arrivals),
        sending: SENDING,
        settle: (result) => (result instanceof SessionError ? reject(result) : resolve(result)),
      });
      this.#options.changed();
      this.flush();
    });
  }

  /** The session is live: sends what waits, in order. */
  open(): void {
    this.#isOpen = true;
    this.flush();
  }

  /** It is not: nothing is sent. What was sent and not acknowledged waits again; whether it arrived is seen when it is read back. */
  pause(): void {
    this.#isOpen = false;
    for (const item of this.#items.values())
      if (item.state === 'sending') Object.assign(item, { state: 'waiting', attempts: 0, newest: NONE });
    this.#live.abort();
    this.#live = new AbortController();
  }

  /** Something was read: what came from here is here no longer. */
  confirm({
    messageId,
    transport,
    key,
    place,
  }: Pick<LogEntry, 'messageId' | 'transport' | 'key' | 'place'>): void {
    for (const id of [transport['event-id'], messageId]) {
      const item = id === undefined ? undefined : this.#items.get(id);
      if (id === undefined || item === undefined) continue;
      this.#items.delete(id);
      item.settle({ messageSerial: key, serial: place });
      this.#options.changed();
    }
  }

  /** Tries a send again that failed. False: there is none. */
  retry(id: string): boolean {
    const item = this.#items.get(id);
    if (item?.state !== 'failed') return false;
    Object.assign(item, { state: 'waiting', attempts: 0, sending: SENDING });
    this.#options.changed();
    this.flush();
    return true;
  }

  /** Forgets a send that failed or still waits. False: there is none. */
  discard(id: string): boolean {
    const item = this.#items.get(id);
    if (item === undefined || item.state === 'sending' || item.state === 'sent') return false;
    this.#items.delete(id);
    item.settle(new SessionError('refused', 'It was discarded'));
    this.#options.changed();
    return true;
  }

  close(): void {
    this.#isOpen = false;
    this.#live.abort();
    for (const timer of this.#timers) this.#options.surroundings.clearTimer(timer);
    for (const { settle } of this.#items.values())
      settle(new SessionError('closed', 'The session is closed'));
    this.#items.clear();
  }

  flush(): void {
    if (!this.#isOpen) return;
    for (const item of this.#items.values()) if (item.state === 'waiting') this.#send(item);
  }

  #send(item: Item): void {
    item.state = 'sending';
    item.attempts += 1;
    const attempt = {};
    item.newest = attempt;
    // An answer to an earlier attempt is as good as one to this, but its failure is not.
    this.#options.publish(item.outgoing, this.#live.signal).then(
      (published) => this.#published(item, published),
      (error: unknown) => attempt === item.newest && this.#failed(item, error),
    );
  }

  #published(item: Item, published: Published | null): void {
    if (this.#items.get(item.outgoing.id) !== item || item.state === 'failed') return;
    if (published === null) {
      this.#expectEcho(item);
      return;
    }
    item.settle(published);
    item.state = 'sent';
    item.sending = undefined;
    item.message = {
      ...item.message,
      place: published.serial,
      key: published.messageSerial ?? item.message.key,
    };
    this.#options.changed();
  }

  /** Nobody acknowledges it: it is there when it is heard. */
  #expectEcho(item: Item): void {
    const attempt = item.newest;
    this.#after(ECHO_PATIENCE_MS, () => {
      if (item.state !== 'sending' || item.newest !== attempt) return;
      this.#giveUp(item, new SessionError('unconfirmed', 'The server did not send it back'));
    });
  }

  #failed(item: Item, error: unknown): void {
    if (this.#items.get(item.outgoing.id) !== item) return;
    const { isFinal, retryAfterMs = 1000 * 2 ** item.attempts } = failureOf(error);
    const text = error instanceof Error ? error.message : 'It could not be sent';
    if (isFinal) this.#giveUp(item, new SessionError('refused', text, error));
    else if (item.attempts >= ATTEMPTS_MAX) this.#giveUp(item, new SessionError('unconfirmed', text, error));
    else {
      item.state = 'waiting';
      this.#after(retryAfterMs, () => this.flush());
    }
  }

  #giveUp(item: Item, error: SessionError): void {
    item.state = 'failed';
    item.sending = { status: 'failed', error: { code: error.code, message: error.message } };
    // A cancel that failed is not shown: its run goes on.
    if (item.outgoing.name === 'ai-cancel') this.#items.delete(item.outgoing.id);
    item.settle(error);
    this.#options.changed();
  }

  #after(delayMs: number, then: () => void): void {
    const timer = this.#options.surroundings.setTimer(() => {
      this.#timers.delete(timer);
      then();
    }, delayMs);
    this.#timers.add(timer);
  }

  /** Where a client does not hear itself, what was acknowledged is taken for read. */
  #makeRoom(): boolean {
    const sent = [...this.#items.values()].find(({ state }) => state === 'sent');
    if (sent === undefined) return false;
    this.#items.delete(sent.outgoing.id);
    this.#options.adopt(sent.message);
    return true;
  }
}

const NONE = {};
const PENDING = 'pending:';
const SENDING: Sending = { status: 'sending' };
const ECHO_PATIENCE_MS = 30_000;

function optimistic({ id, name, data, extras, clientId }: Outgoing, arrival: number): LoggedMessage {
  const { transport, codec = {} } = extras.ai;
  const author = clientId === undefined ? {} : { 'input-client-id': clientId };
  return {
    key: `${PENDING}${id}`,
    version: '',
    place: null,
    messageId: id,
    event: name,
    text: typeof data === 'string' ? data : JSON.stringify(data),
    transport: { ...(name === 'ai-input' && author), ...transport },
    codec,
    isDeleted: false,
    arrival,
  };
}

interface Failure {
  /** Trying again is no use. */
  readonly isFinal: boolean;
  readonly retryAfterMs?: number;
}

/** A refusal that may pass is tried again, as is what may have been done: the id makes that safe. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof RequestError)) return { isFinal: true };
  const { outcome, isRetryable, retryAfterSeconds } = error;
  return {
    isFinal: outcome === 'refused' && !isRetryable,
    ...(retryAfterSeconds !== undefined && { retryAfterMs: retryAfterSeconds * 1000 }),
  };
}

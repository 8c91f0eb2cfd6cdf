// The Bus port on Redis pub/sub: one channel for each topic, one pattern for each prefix. Publishes share the connection of the
// other commands; a connection of its own listens. Topics stand in braces, so that sharded pub/sub would find their slots.
import type { Bus, BusCounts, BusListener, BusState } from '@sockudo/server/ports';
import type { Redis } from 'ioredis';
import type { Logger } from './logger.ts';

/** Subscriptions renewed with one command. */
const TOPICS_AT_ONCE = 500;

export interface RedisBusOptions {
  /** Sends. */
  readonly commands: Redis;
  /** Listens, and is used for nothing else. */
  readonly subscriber: Redis;
  readonly prefix: string;
  readonly logger: Logger;
}

export class RedisBus implements Bus {
  readonly #commands: Redis;
  readonly #subscriber: Redis;
  readonly #prefix: string;
  readonly #logger: Logger;
  /** Names that Redis should know, with the number of those who want them. */
  readonly #topics = new Map<string, number>();
  readonly #patterns = new Map<string, number>();
  readonly #counts = { reconnections: 0, pending: 0 };
  #listener: BusListener | null = null;
  #state: BusState = 'up';
  /** Grows with every loss: what began before it is not finished after it. */
  #losses = 0;
  #isClosed = false;

  constructor({ commands, subscriber, prefix, logger }: RedisBusOptions) {
    this.#commands = commands;
    this.#subscriber = subscriber;
    this.#prefix = `${prefix}bus:{`;
    this.#logger = logger;
    subscriber.on('message', (_channel: string, text: string) => this.#listener?.onMessage(text));
    subscriber.on('pmessage', (_pattern: string, _channel: string, text: string) =>
      this.#listener?.onMessage(text),
    );
    for (const client of [subscriber, commands]) {
      client.on('close', () => this.#down());
      client.on('ready', () => {
        this.#renew().catch((error: unknown) => this.#distrust(error));
      });
    }
  }

  get state(): BusState {
    return this.#state;
  }

  get counts(): BusCounts {
    return this.#counts;
  }

  listen(listener: BusListener): void {
    this.#listener = listener;
  }

  async publish(topic: string, text: string): Promise<void> {
    this.#counts.pending += 1;
    try {
      await this.#commands.publish(this.#nameOf(topic), text);
    } finally {
      this.#counts.pending -= 1;
    }
  }

  subscribe(topic: string): Promise<void> {
    return this.#add(this.#topics, this.#nameOf(topic), (name) => this.#subscriber.subscribe(name));
  }

  unsubscribe(topic: string): void {
    this.#remove(this.#topics, this.#nameOf(topic), (name) => this.#subscriber.unsubscribe(name));
  }

  subscribePrefix(prefix: string): Promise<void> {
    return this.#add(this.#patterns, this.#patternOf(prefix), (name) => this.#subscriber.psubscribe(name));
  }

  unsubscribePrefix(prefix: string): void {
    this.#remove(this.#patterns, this.#patternOf(prefix), (name) => this.#subscriber.punsubscribe(name));
  }

  /** The connections are closed by whoever opened them. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listener = null;
    this.#topics.clear();
    this.#patterns.clear();
    this.#down();
  }

  #nameOf(topic: string): string {
    return `${this.#prefix}${topic}}`;
  }

  #patternOf(prefix: string): string {
    return `${escapeGlob(this.#prefix + prefix)}*`;
  }

  /** A subscription that Redis did not confirm is made good by the next connection. */
  async #add(
    names: Map<string, number>,
    name: string,
    subscribe: (name: string) => Promise<unknown>,
  ): Promise<void> {
    names.set(name, (names.get(name) ?? 0) + 1);
    // Asked for again even where it stands already: the answer proves that it does.
    if (this.#state === 'up') await subscribe(name).catch((error: unknown) => this.#distrust(error));
  }

  #remove(names: Map<string, number>, name: string, unsubscribe: (name: string) => Promise<unknown>): void {
    const wanted = names.get(name);
    if (wanted === undefined) return;
    if (wanted > 1) {
      names.set(name, wanted - 1);
      return;
    }
    names.delete(name);
    if (this.#state === 'up') unsubscribe(name).catch((error: unknown) => this.#distrust(error));
  }

  /** The connection did not do what it was told. If it stands, it is given up for a new one. */
  #distrust(error: unknown): void {
    if (this.#subscriber.status !== 'ready' || this.#isClosed) return;
    this.#logger.warn({ err: error }, 'a subscription to Redis failed: the connection is made anew');
    this.#subscriber.disconnect(true);
  }

  #down(): void {
    this.#losses += 1;
    if (this.#state === 'down') return;
    this.#state = 'down';
    this.#listener?.onState('down');
  }

  /** Up again only when every name that is wanted by then is subscribed. */
  async #renew(): Promise<void> {
    if (this.#subscriber.status !== 'ready' || this.#commands.status !== 'ready' || this.#isClosed) return;
    const losses = this.#losses;
    const renewed = new Set<string>();
    const missing = (names: ReadonlyMap<string, number>): string[] =>
      [...names.keys()].filter((name) => !renewed.has(name)).slice(0, TOPICS_AT_ONCE);
    for (;;) {
      const [topics, patterns] = [missing(this.#topics), missing(this.#patterns)];
      if (topics.length > 0) await this.#subscriber.subscribe(...topics);
      if (patterns.length > 0) await this.#subscriber.psubscribe(...patterns);
      if (losses !== this.#losses) return;
      if (topics.length === 0 && patterns.length === 0) break;
      for (const name of [...topics, ...patterns]) renewed.add(name);
    }
    // What was left in the meantime is known to nobody here any more.
    const unwanted = [...renewed].filter((name) => !this.#topics.has(name) && !this.#patterns.has(name));
    this.#state = 'up';
    this.#counts.reconnections += 1;
    if (unwanted.length > 0) {
      await this.#subscriber.unsubscribe(...unwanted);
      await this.#subscriber.punsubscribe(...unwanted);
    }
    if (losses === this.#losses) this.#listener?.onState('up');
  }
}

/** Makes every character of a glob stand for itself. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}

// One channel that this node listens to: who asked for it, its place in the log, and what came before that place was known.
// Reads the log where something is missing. Knows nothing of the bus.
import { messageOfEntry } from '../messages/log-message.ts';
import type { ChannelKey, Position } from '../ports/channel-log.ts';
import type { Envelope } from '../ports/fanout.ts';
import type { DurableLog } from '../ports/index.ts';
import type { ReplayEntry } from '../ports/message-log.ts';
import { type CatchUp, DeliveryCursor, type PlacedEnvelope } from './delivery-cursor.ts';

/** The log of an app's channels, where it keeps one. */
export type FeedLog = Pick<DurableLog, 'head' | 'replay'>;

/** Entries of one read. */
const PAGE_ENTRIES = 500;
/** A frame on its way is given this long before the log is read for it. */
const HOLE_MS = 20;
const RETRY_MS = 200;
const MAX_RETRY_MS = 5000;

export interface FeedContext {
  /** Delivers to this node's connections, in the order of the calls. */
  readonly deliver: (envelope: Envelope) => void;
  /** Runs a read when its turn comes: reads of all feeds share a bound. */
  readonly whenFree: <T>(read: () => Promise<T>) => Promise<T>;
  readonly onRead: (filled: number) => void;
  readonly onError: (error: unknown) => void;
}

export class ChannelFeed {
  readonly key: ChannelKey;
  /** Subscriptions and users of this node that want the channel. */
  joins = 0;
  /** Resolves when every later publish reaches this feed; null: it does. */
  ready: Promise<void> | null = null;
  readonly #log: FeedLog | null;
  readonly #context: FeedContext;
  #cursor: DeliveryCursor | null = null;
  #early: PlacedEnvelope[] = [];
  #timer: NodeJS.Timeout | null = null;
  #isReading = false;
  #isClosed = false;
  #startsWithFirst = false;
  #failures = 0;

  /** @param log null: messages of the channel have no places */
  constructor(key: ChannelKey, log: FeedLog | null, context: FeedContext) {
    this.key = key;
    this.#log = log;
    this.#context = context;
  }

  /** The log's head counts as delivered: nobody was told of an earlier place. Where it cannot be read, the first message says. */
  async start(): Promise<void> {
    const log = this.#log;
    if (log === null || this.#cursor !== null) return;
    try {
      this.startAt(await this.#context.whenFree(() => log.head(this.key)));
    } catch (error) {
      this.#context.onError(error);
      this.#startsWithFirst = true;
      for (const envelope of this.#early.splice(0)) this.take(envelope);
    }
  }

  /** Begins with this message. */
  startBefore({ message: { position } }: PlacedEnvelope): void {
    this.startAt({ streamId: position.streamId, serial: position.serial - 1 });
  }

  startAt(position: Position): void {
    if (this.#cursor !== null) return;
    this.#cursor = new DeliveryCursor(position);
    const early = this.#early;
    this.#early = [];
    for (const envelope of early) this.#offer(this.#cursor, envelope);
  }

  take(envelope: Envelope): void {
    if (this.#log === null || !isPlaced(envelope)) {
      this.#context.deliver(envelope);
      return;
    }
    if (this.#startsWithFirst) this.startBefore(envelope);
    if (this.#cursor !== null) this.#offer(this.#cursor, envelope);
    // A bound is not needed for long: `start` reads one position. What exceeds it is in the log.
    else if (this.#early.length < PAGE_ENTRIES) this.#early.push(envelope);
  }

  /** The log has reached this place. */
  hint(position: Position): void {
    if (this.#cursor === null) return;
    this.#cursor.hint(position);
    this.#readSoon(HOLE_MS);
  }

  /** Looks whether the log is ahead of what was delivered. */
  async check(): Promise<void> {
    if (this.#log === null || this.#cursor === null || this.#isClosed) return;
    const { key } = this;
    const log = this.#log;
    try {
      this.hint(await this.#context.whenFree(() => log.head(key)));
    } catch (error) {
      this.#context.onError(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#early = [];
  }

  #offer(cursor: DeliveryCursor, envelope: PlacedEnvelope): void {
    for (const due of cursor.offer(envelope)) this.#context.deliver(due);
    if (cursor.isBehind) this.#readSoon(HOLE_MS);
  }

  #readSoon(delayMs: number): void {
    if (this.#timer !== null || this.#isReading || this.#isClosed || this.#cursor?.isBehind !== true) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#read().catch(this.#context.onError);
    }, delayMs);
    this.#timer.unref();
  }

  async #read(): Promise<void> {
    const cursor = this.#cursor;
    const log = this.#log;
    if (cursor === null || log === null || !cursor.isBehind) return;
    this.#isReading = true;
    let pauseMs = 0;
    try {
      const { from, result } = await this.#context.whenFree(async () => {
        const from = cursor.position;
        return { from, result: await log.replay(this.key, from, PAGE_ENTRIES) };
      });
      if (this.#isClosed) return;
      const due = cursor.filled(from, asCatchUp(this.key, result));
      for (const envelope of due) this.#context.deliver(envelope);
      this.#context.onRead(due.length);
      this.#failures = 0;
      if (due.length === 0) pauseMs = HOLE_MS;
    } catch (error) {
      this.#failures += 1;
      pauseMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** Math.min(this.#failures, 10));
      this.#context.onError(error);
    } finally {
      this.#isReading = false;
    }
    this.#readSoon(pauseMs);
  }
}

export function isPlaced(envelope: Envelope): envelope is PlacedEnvelope {
  return envelope.message.position !== undefined;
}

function asCatchUp(key: ChannelKey, result: Awaited<ReturnType<FeedLog['replay']>>): CatchUp {
  if (result.kind === 'gap') return result;
  const { entries, more, head } = result;
  return { kind: 'page', envelopes: entries.map((entry) => placed(key, entry)), more, head };
}

function placed(key: ChannelKey, entry: ReplayEntry): PlacedEnvelope {
  const position = { streamId: entry.streamId, serial: entry.serial };
  return { key, message: { ...messageOfEntry(entry), position } };
}

// What one socket still has to send. Frames queued within one turn of the event loop leave in one write: the kernel charges
// for writes, not for bytes. Bounded by messages and bytes; beyond that the reader is too slow and the owner closes it
// (divergence D5, close 4100). Knows frames as bytes only.
import type { Duplex } from 'node:stream';

export interface OutboxBounds {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Collects the outboxes that got frames in this turn and flushes them at its end. One for the whole process. */
export class FlushTurn {
  #dirty: Outbox[] = [];
  #scheduled = false;
  // Subscribers of one channel mostly queue the very same frames: the joined bytes of the last outbox serve the next one.
  #joinedFrom: readonly Buffer[] = [];
  #joined: Buffer | null = null;

  add(outbox: Outbox): void {
    this.#dirty.push(outbox);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const outbox of dirty) outbox.flush();
    this.#joinedFrom = [];
    this.#joined = null;
  };

  join(frames: readonly Buffer[]): Buffer {
    if (this.#joined !== null && sameFrames(frames, this.#joinedFrom)) return this.#joined;
    this.#joinedFrom = frames;
    this.#joined = Buffer.concat(frames);
    return this.#joined;
  }
}

function sameFrames(a: readonly Buffer[], b: readonly Buffer[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const NOTHING: Buffer[] = [];

export class Outbox {
  readonly #socket: Duplex;
  readonly #turn: FlushTurn;
  readonly #bounds: OutboxBounds;
  readonly #onOverflow: () => void;
  // The usual turn brings one frame, which needs no array.
  #first: Buffer | null = null;
  #rest: Buffer[] = NOTHING;
  /** Frames handed to the socket that the kernel has not taken; 0 as long as the reader keeps up. */
  #unsent = 0;
  #closed = false;

  constructor(socket: Duplex, turn: FlushTurn, bounds: OutboxBounds, onOverflow: () => void) {
    this.#socket = socket;
    this.#turn = turn;
    this.#bounds = bounds;
    this.#onOverflow = onOverflow;
  }

  push(frame: Buffer): void {
    if (this.#closed) return;
    if (this.#first === null) {
      this.#first = frame;
      this.#turn.add(this);
      return;
    }
    if (this.#rest === NOTHING) this.#rest = [this.#first];
    this.#rest.push(frame);
    if (this.#rest.length >= this.#bounds.maxMessages) this.flush();
  }

  /** Writes what is queued. Called at the end of the turn, and before anything else writes to the socket. */
  flush(): void {
    const first = this.#first;
    if (first === null || this.#closed) return;
    const frames = this.#rest;
    this.#first = null;
    this.#rest = NOTHING;
    const count = frames === NOTHING ? 1 : frames.length;
    const accepted = this.#socket.write(frames === NOTHING ? first : this.#turn.join(frames));
    if (!accepted) this.#fallBehind(count);
  }

  #fallBehind(count: number): void {
    // A write beyond the stream's high-water mark is refused further writes even when the kernel took all of it.
    if (this.#socket.writableLength === 0) return;
    if (this.#unsent === 0) this.#socket.once('drain', this.#onDrain);
    this.#unsent += count;
    const { maxMessages, maxBytes } = this.#bounds;
    if (this.#unsent <= maxMessages && this.#socket.writableLength <= maxBytes) return;
    this.#onOverflow();
  }

  readonly #onDrain = (): void => {
    this.#unsent = 0;
  };

  close(): void {
    this.#closed = true;
    this.#first = null;
    this.#rest = NOTHING;
    this.#socket.off('drain', this.#onDrain);
  }
}

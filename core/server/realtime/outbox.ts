// What one socket still has to send. Frames queued within one turn of the event loop leave in one write: the kernel charges
// for writes, not for bytes. Bounded by messages and bytes; beyond that the reader is too slow and the owner closes it
// (divergence D5, close 4100). Knows frames as bytes only.
import type { Writable } from 'node:stream';

/** What is used of a socket, or of the answer to a request. */
export type OutboxSocket = Pick<Writable, 'write' | 'writableLength'>;

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
const NO_BYTES = Buffer.alloc(0);

export class Outbox {
  readonly bounds: OutboxBounds;
  readonly #socket: OutboxSocket;
  readonly #turn: FlushTurn;
  readonly #onOverflow: () => void;
  // The usual turn brings one frame, which needs no array.
  #first: Buffer | null = null;
  #rest: Buffer[] = NOTHING;
  /** Frames ever handed to the socket, and those of them that the kernel is known to have taken. */
  #handed = 0;
  #taken = 0;
  #closed = false;
  /** Those who wait until the kernel has taken what they queued. */
  readonly #waiting = new Set<() => void>();

  constructor(socket: OutboxSocket, turn: FlushTurn, bounds: OutboxBounds, onOverflow: () => void) {
    this.#socket = socket;
    this.#turn = turn;
    this.bounds = bounds;
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
    if (this.#rest.length >= this.bounds.maxMessages) this.flush();
  }

  /** Writes what is queued. Called at the end of the turn, and before anything else writes to the socket. */
  flush(): void {
    const first = this.#first;
    if (first === null || this.#closed) return;
    const frames = this.#rest;
    this.#first = null;
    this.#rest = NOTHING;
    const bytes = frames === NOTHING ? first : this.#turn.join(frames);
    const wasBehind = this.#socket.writableLength > 0;
    if (!wasBehind) this.#taken = this.#handed;
    this.#handed += frames === NOTHING ? 1 : frames.length;
    const accepted = wasBehind ? this.#writeBehind(bytes) : this.#socket.write(bytes);
    if (!accepted) this.#checkBounds();
  }

  /** Only who is behind pays for knowing when the kernel has caught up with this write. */
  #writeBehind(bytes: Buffer, onTaken?: () => void): boolean {
    const handed = this.#handed;
    return this.#socket.write(bytes, () => {
      this.#taken = handed;
      onTaken?.();
    });
  }

  /** Sends what is queued. Resolves when the kernel has taken it or the outbox is closed; null: it has, or is. */
  drained(): Promise<void> | null {
    this.flush();
    if (this.#closed || this.#socket.writableLength === 0) return null;
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      this.#writeBehind(NO_BYTES, wake);
    });
  }

  #checkBounds(): void {
    // A write beyond the stream's high-water mark is refused further writes even when the kernel took all of it.
    const waitingBytes = this.#socket.writableLength;
    if (waitingBytes === 0) return;
    const { maxMessages, maxBytes } = this.bounds;
    if (this.#handed - this.#taken > maxMessages || waitingBytes > maxBytes) this.#onOverflow();
  }

  close(): void {
    this.#closed = true;
    this.#first = null;
    this.#rest = NOTHING;
    for (const wake of this.#waiting) wake();
  }
}

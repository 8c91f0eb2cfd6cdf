// Queues many frames on one connection without overrunning its bounds: a replay may be longer than what a slow reader may
// have unsent, and closing it for that would only make it come back for the same replay.
import type { Connection } from '../connection.ts';

const CHUNK_FRAMES = 200;
const CHUNK_BYTES = 256 * 1024;

export class PacedWriter {
  readonly #connection: Connection;
  readonly #chunkFrames: number;
  readonly #chunkBytes: number;
  #frames = 0;
  #bytes = 0;
  /** Frames queued so far. */
  written = 0;

  constructor(connection: Connection) {
    const { maxMessages, maxBytes } = connection.outbox.bounds;
    this.#connection = connection;
    this.#chunkFrames = Math.max(1, Math.min(CHUNK_FRAMES, maxMessages / 2));
    this.#chunkBytes = Math.min(CHUNK_BYTES, maxBytes / 2);
  }

  /** Null: go on at once. A connection that goes away ends every wait. */
  write(frame: Buffer): Promise<void> | null {
    this.#connection.push(frame);
    this.written += 1;
    this.#frames += 1;
    this.#bytes += frame.length;
    if (this.#frames < this.#chunkFrames && this.#bytes < this.#chunkBytes) return null;
    this.#frames = 0;
    this.#bytes = 0;
    return this.#connection.outbox.drained();
  }
}

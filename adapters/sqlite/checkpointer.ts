// Keeps the write-ahead log short. Checkpoints run in a worker thread beside the writer; a WAL that is wholly copied is written
// from its beginning again by the next transaction. Under load the writer is always a little ahead, so the last few frames
// are copied while it pauses for some milliseconds. The event loop itself never waits.
import { once } from 'node:events';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { CheckpointAnswer, CheckpointResult } from './checkpoint-worker.ts';
import type { Logger } from './logger.ts';

export interface CheckpointerOptions {
  readonly path: string;
  readonly connection: DatabaseSync;
  /** The WAL is copied back when it is longer than this. */
  readonly walBytes: number;
  readonly writer: { pause(): void; resume(): void };
  readonly logger: Logger;
}

/** Rounds beside the running writer; each leaves less to do than the one before. */
const MAX_ROUNDS = 6;
/** So few frames are copied in a few milliseconds, for which the writer pauses. */
const HANDOVER_FRAMES = 256;
/** At this many times the length at which copying began, the writer waits for the copy: the WAL grows no further. */
const HARD_LIMIT = 4;
/** A look takes some locks, which counts at thousands of groups a second. */
const LOOK_EVERY_GROUPS = 8;
/** A WAL frame is a page and this header (SQLite file format, WAL format). */
const FRAME_HEADER_BYTES = 24;

export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #status: StatementSync;
  readonly #boundFrames: number;
  #worker: Worker | null = null;
  #current: Promise<void> | null = null;
  #groups = 0;
  #isWriterPaused = false;
  #isClosed = false;
  /** Raised while a foreign reader keeps the WAL from being copied, so that it isn't tried in vain after every group. */
  #nextFrames: number;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#status = options.connection.prepare('PRAGMA wal_checkpoint(NOOP)');
    const page = options.connection.prepare('PRAGMA page_size').get() ?? {};
    this.#boundFrames = Math.ceil(options.walBytes / (Number(page.page_size) + FRAME_HEADER_BYTES));
    this.#nextFrames = this.#boundFrames;
  }

  /** After each group: looks from time to time how long the WAL is, and starts a checkpoint if that is too long. */
  check(): void {
    this.#groups += 1;
    if (this.#groups % LOOK_EVERY_GROUPS !== 0 || this.#isClosed) return;
    const { log } = this.#look();
    if (this.#current === null) {
      if (log >= this.#nextFrames) this.#start();
    } else if (log >= HARD_LIMIT * this.#nextFrames) {
      this.#pauseWriter();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#current;
    if (this.#worker === null) return;
    const exit = once(this.#worker, 'exit');
    this.#worker.ref();
    this.#worker.postMessage('close');
    await exit;
  }

  #look(): CheckpointResult {
    const row = this.#status.get() ?? {};
    return { log: Number(row.log), checkpointed: Number(row.checkpointed) };
  }

  #start(): void {
    this.#current = this.#copy()
      .catch((error: unknown) => this.#postpone({ error: String(error) }))
      .finally(() => {
        this.#current = null;
        this.#resumeWriter();
      });
  }

  async #copy(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      await this.#checkpoint();
      const { log, checkpointed } = this.#look();
      if (log - checkpointed <= HANDOVER_FRAMES) break;
    }
    this.#pauseWriter();
    const { log, checkpointed } = await this.#checkpoint();
    if (checkpointed < log) this.#postpone({ frames: log, checkpointed });
    else this.#nextFrames = this.#boundFrames;
  }

  #pauseWriter(): void {
    if (this.#isWriterPaused) return;
    this.#isWriterPaused = true;
    this.#options.writer.pause();
  }

  #resumeWriter(): void {
    if (!this.#isWriterPaused) return;
    this.#isWriterPaused = false;
    this.#options.writer.resume();
  }

  #postpone(details: object): void {
    this.#nextFrames = this.#look().log + this.#boundFrames;
    this.#options.logger.warn(details, 'the write-ahead log could not be copied back; it grows until it can');
  }

  async #checkpoint(): Promise<CheckpointResult> {
    const worker = this.#worker ?? this.#startWorker();
    // The thread keeps the process alive only while somebody waits for it.
    worker.ref();
    const answered = once(worker, 'message').finally(() => worker.unref());
    worker.postMessage('checkpoint');
    // CAST: the worker sends nothing else.
    const [answer] = (await answered) as [CheckpointAnswer];
    if (answer.kind === 'failed') throw new Error(answer.text);
    return answer.result;
  }

  /** Only once it is needed: a thread costs some megabytes. */
  #startWorker(): Worker {
    const file = import.meta.url.endsWith('.ts') ? './checkpoint-worker.ts' : './checkpoint-worker.js';
    const worker = new Worker(new URL(file, import.meta.url), { workerData: this.#options.path });
    worker.unref();
    worker.on('error', (error) => {
      this.#options.logger.error({ error: error.message }, 'the checkpoint thread failed');
      this.#worker = null;
    });
    this.#worker = worker;
    return worker;
  }
}

/**
 * One run as the stream of chunks that a chat reads: made of the session's messages, so it is the same stream whether the run is watched
 * from its beginning, was going on when the page came, or is long over. Must not know: what was asked, by whom.
 */
import type { Session, SessionRun, View } from '@sockudo/ai-transport';
import { type AnyChunk, type Chunk, chunkOfAny } from '../parts/chunk.ts';
import { ChunkFeed } from '../parts/chunks.ts';
import { tracksOf } from '../parts/tracks.ts';
import { answerOfRun, type Group } from './groups.ts';
import { stateOf } from './state.ts';
import { endingOf, failedId, piecesOf } from './ui-messages.ts';

export interface RunStreamOptions {
  /** What the chat shows of the answer already: the stream goes on from there. */
  readonly after?: Group | null | undefined;
  /** Line of the conversation that the chat shows. */
  readonly view: View;
}

/** How long the end of a text is waited for once its run is said to be over, milliseconds. */
const CLOSING_MS = 3000;

export class RunStream {
  readonly stream: ReadableStream<Chunk>;
  readonly #session: Session;
  readonly #runId: string;
  readonly #view: View;
  readonly #feed = new ChunkFeed();
  #controller: ReadableStreamDefaultController<Chunk> | null = null;
  #stop: () => void;
  #hasBegun = false;
  /** Waits, and has been seen at work: it waits for another answer than the one that was just given. */
  #hasWorked: boolean;
  #closing: ReturnType<typeof setTimeout> | undefined;
  #hasWaited = false;

  constructor(session: Session, runId: string, { after, view }: RunStreamOptions) {
    this.#session = session;
    this.#runId = runId;
    this.#view = view;
    this.#hasWorked = after === undefined || after === null;
    if (after) this.#feed.take(tracksOf(piecesOf(after), null));
    stateOf(session).streams += 1;
    this.#stop = session.subscribe(() => this.#update());
    this.stream = new ReadableStream<Chunk>({
      start: (controller: ReadableStreamDefaultController<Chunk>): void => {
        this.#controller = controller;
      },
      // Whoever reads slowly gets more at once, and nothing waits here.
      pull: () => this.#update(),
      cancel: () => void this.#release(),
    });
  }

  /** It could not be asked for. */
  fail(error: unknown): void {
    const controller = this.#release();
    controller?.error(error);
  }

  close(): void {
    const controller = this.#release();
    controller?.close();
  }

  #release(): ReadableStreamDefaultController<Chunk> | null {
    const controller = this.#controller;
    if (controller === null) return null;
    this.#controller = null;
    this.#stop();
    clearTimeout(this.#closing);
    const state = stateOf(this.#session);
    state.streams -= 1;
    // What reads it has to come to its end first.
    setTimeout(() => state.changed());
    return controller;
  }

  #update(): void {
    const controller = this.#controller;
    if (controller === null || (controller.desiredSize ?? 0) <= 0) return;
    const run = this.#session.run(this.#runId);
    if (run === null) {
      // Discarded, or not known any more.
      if (this.#session.status === 'closed' || this.#hasBegun) this.close();
      return;
    }
    if (this.#isOutOfSight) {
      this.close();
      return;
    }
    if (run.status !== 'suspended') this.#hasWorked = true;
    const answer = answerOfRun(this.#session, this.#runId);
    const waits = isOver(run) && isWriting(answer) && !this.#hasWaited;
    if (answer !== null && !this.#tell(answer, waits ? null : run)) this.#restart();
    else if (waits) this.#wait();
    else if (isOver(run) || (run.status === 'suspended' && this.#hasWorked)) this.#finish(run);
  }

  /** Another version was chosen: a chat that is kept in step shows that one, and comes back to this one when it is asked to. */
  get #isOutOfSight(): boolean {
    return stateOf(this.#session).followers > 0 && !this.#view.runs.some(({ id }) => id === this.#runId);
  }

  /** False: what was told is not so any more. */
  #tell(answer: Group, run: SessionRun | null): boolean {
    const pieces = piecesOf(answer, { isOpen: run === null });
    const chunks = this.#feed.take(tracksOf(pieces, endingOf(run).over));
    if (chunks === null) return false;
    this.#begin(answer.id);
    for (const chunk of chunks) this.#enqueue(chunk);
    return true;
  }

  /** That a run is over may be heard before the end of what it wrote. */
  #wait(): void {
    this.#closing ??= setTimeout(() => {
      this.#hasWaited = true;
      this.#update();
    }, CLOSING_MS);
  }

  #begin(messageId: string): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#enqueue({ type: 'start', messageId });
  }

  #finish(run: SessionRun): void {
    const ending = endingOf(run);
    if (ending.over === 'error') this.#begin(failedId(run.id));
    for (const chunk of this.#feed.close(ending)) this.#enqueue(chunk);
    if (ending.over === 'error') {
      const { code, message } = ending.error ?? { code: 'error' };
      this.#enqueue({ type: 'error', errorText: message ?? code });
    }
    this.close();
  }

  /** A worker that took over began anew, and took back more than chunks can say. */
  #restart(): void {
    if (stateOf(this.#session).followers > 0) this.close();
    else this.fail(new Error('The answer was begun anew: resume the stream'));
  }

  #enqueue(chunk: AnyChunk): void {
    this.#controller?.enqueue(chunkOfAny(chunk));
  }
}

const isOver = (run: SessionRun): boolean => endingOf(run).over !== null;

const isWriting = (answer: Group | null): boolean =>
  answer?.members.some(({ parts }) => parts.some(({ transport }) => transport.status === 'streaming')) ===
  true;

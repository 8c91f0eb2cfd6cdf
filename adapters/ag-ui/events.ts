/**
 * The events of a run, out of a session, as they come. The session may lose its connection meanwhile and find it again: what is told goes on
 * where it stopped. Must not know: how events travel to their reader.
 */
import { type Event, EventType, PROTOCOL_VERSION, type RunAgentInput } from '@ag-ui/core';
import { isLive, type Session, SessionError, type SessionMessage, type View } from '@sockudo/ai-transport';
import { endOf, type RunIds } from './ending.ts';
import { type Asked, ask, type ToSaying } from './input.ts';
import { Narrator } from './narrator.ts';
import { type Draft, Projector } from './projection.ts';
import { Signals, stateEvents } from './signals.ts';
import { Steps } from './steps.ts';

export interface StreamOptions {
  /** Line of the session that is shown. Default: the main one. */
  readonly view?: View | undefined;
  /** The reader has gone: nothing more is told. The run goes on. */
  readonly signal?: AbortSignal | undefined;
  readonly toSaying?: ToSaying | undefined;
  /**
   * Ids of messages that the reader has had. A message after which it leaves out some of them takes their place, as another version;
   * without it what is new comes last. Default: none.
   */
  readonly seen?: ReadonlySet<string> | undefined;
  /** Told which run of the session is followed. */
  readonly onRun?: ((runId: string) => void) | undefined;
}

/**
 * Says what is new in the input, and tells the run that answers: from `RUN_STARTED` to its end. Where the reader's messages are not those
 * of the session, they are replaced by them.
 */
export async function* runEvents(
  session: Session,
  input: RunAgentInput,
  options: StreamOptions = {},
): AsyncGenerator<Event, void, undefined> {
  const telling = new Telling(session, input, options);
  yield telling.started();
  try {
    const { view = session.view(), seen = new Set<string>(), toSaying } = options;
    if (!(await telling.isAttached())) return;
    // Of a run that goes on, this much was told when it came to rest.
    telling.signals.skip(view.messages);
    const asked = ask(input, { session, view, seen, toSaying });
    if (asked === null) {
      yield* telling.tell(null);
      yield failed('nothing_to_do', 'The input holds nothing new, and no run is on its way');
      return;
    }
    yield* telling.follow(asked);
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    yield* telling.broken(error);
  } finally {
    telling.stop();
  }
}

/** Tells the conversation as it stands, and goes on with the run that is on its way; of one that waits, what for. */
export async function* connectEvents(
  session: Session,
  input: Pick<RunAgentInput, 'threadId' | 'runId' | 'messages'>,
  options: StreamOptions = {},
): AsyncGenerator<Event, void, undefined> {
  const telling = new Telling(session, input, options);
  const { view = session.view() } = options;
  try {
    yield telling.started();
    if (!(await telling.isAttached())) return;
    yield* telling.tellAll();
    const run = view.runs.findLast((each) => isLive(each));
    if (run === undefined)
      yield { type: EventType.RUN_FINISHED, ...telling.ids, outcome: { type: 'success' } };
    else yield* telling.follow({ runId: run.id, sent: [], continues: false });
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    yield* telling.broken(error);
  } finally {
    telling.stop();
  }
}

const failed = (code: string, message: string): Event => ({ type: EventType.RUN_ERROR, code, message });

class Telling {
  readonly ids: RunIds;
  readonly signals = new Signals();
  readonly #session: Session;
  readonly #view: View;
  readonly #options: StreamOptions;
  readonly #narrator: Narrator;
  readonly #projector = new Projector();
  readonly #steps = new Steps();
  readonly #stop: () => void;
  /** Something may be new. */
  #news = Promise.withResolvers<void>();
  #failure: SessionError | null = null;

  constructor(
    session: Session,
    input: Pick<RunAgentInput, 'threadId' | 'runId' | 'messages'>,
    options: StreamOptions,
  ) {
    this.#session = session;
    this.#options = options;
    this.#view = options.view ?? session.view();
    this.ids = { threadId: input.threadId, runId: input.runId };
    this.#narrator = new Narrator(input.messages);
    const stop = session.subscribe(() => this.#news.resolve());
    const { signal } = options;
    const gone = (): void => this.#news.resolve();
    signal?.addEventListener('abort', gone);
    this.#stop = () => {
      stop();
      signal?.removeEventListener('abort', gone);
    };
  }

  started(): Event {
    return { type: EventType.RUN_STARTED, ...this.ids, protocolVersion: PROTOCOL_VERSION };
  }

  stop(): void {
    this.#stop();
  }

  /** Resolves once the conversation is read; false: the reader has gone. @throws SessionError */
  async isAttached(): Promise<boolean> {
    while (this.#session.status !== 'live') {
      this.#requireHope();
      if (this.#isGone) return false;
      await this.#next();
    }
    return !this.#isGone;
  }

  /** @throws SessionError */
  async *follow({ runId, sent, continues }: Asked): AsyncGenerator<Event, void, undefined> {
    const { onRun } = this.#options;
    onRun?.(runId);
    let isPublished = sent.length === 0;
    Promise.all(sent.map(({ published }) => published)).then(
      () => {
        isPublished = true;
        this.#news.resolve();
      },
      (error: unknown) => {
        this.#failure =
          error instanceof SessionError ? error : new SessionError('refused', 'It was refused', error);
        this.#news.resolve();
      },
    );
    const since = continues ? this.#outputs(runId) : -1;
    let wasAtRest = continues;
    while (!this.#isGone) {
      yield* this.tell(runId);
      this.#requireHope();
      const run = this.#session.run(runId);
      if (run?.status !== 'suspended' || this.#outputs(runId) !== since) wasAtRest = false;
      const end =
        run === null || wasAtRest || !isPublished || this.#session.status !== 'live'
          ? null
          : endOf(run, this.#messagesOf(runId), this.ids);
      if (end !== null) {
        yield* [...this.#narrator.close(), ...this.#steps.close(), end];
        return;
      }
      await this.#next();
    }
  }

  tell(runId: string | null): Event[] {
    const events = this.#narrator.tell(this.#drafts());
    if (runId === null) return events;
    const run = this.#session.run(runId);
    return [...events, ...this.#steps.tell(run?.steps ?? []), ...this.signals.tell(this.#messagesOf(runId))];
  }

  tellAll(): Event[] {
    return [...this.#narrator.tellAll(this.#drafts()), ...stateEvents(this.#view.messages)];
  }

  /** The session has failed, or refused what was said. */
  broken({ code, message }: SessionError): Event[] {
    return [...this.#narrator.close(), ...this.#steps.close(), failed(code, message)];
  }

  #drafts(): readonly Draft[] {
    return this.#projector.project(this.#view.messages, (id) => this.#session.run(id)?.status === 'running');
  }

  #messagesOf(runId: string): SessionMessage[] {
    const ids = this.#session.run(runId)?.messageIds ?? [];
    return ids.flatMap((id) => this.#session.message(id) ?? []);
  }

  /** Parts that its agent has put out. */
  #outputs(runId: string): number {
    return this.#messagesOf(runId).flatMap(({ parts }) => parts.filter(({ isInput }) => !isInput)).length;
  }

  get #isGone(): boolean {
    return this.#options.signal?.aborted === true;
  }

  #requireHope(): void {
    if (this.#failure !== null) throw this.#failure;
    const { status, error } = this.#session;
    if (status === 'closed') throw new SessionError('closed', 'The session is closed');
    if (status === 'failed') throw error ?? new SessionError('refused', 'The session was refused');
  }

  async #next(): Promise<void> {
    await this.#news.promise;
    this.#news = Promise.withResolvers();
  }
}

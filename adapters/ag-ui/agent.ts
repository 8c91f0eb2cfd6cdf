/** A session as an agent of AG-UI: what CopilotKit, assistant-ui and others run. Must not know: what the events are (events.ts). */
import {
  AbstractAgent,
  type AgentConfig,
  type Event,
  type Middleware,
  type RunAgentInput,
  type RunAgentResult,
  runHttpRequest,
  transformHttpEventStream,
} from '@ag-ui/client';
import { isLive, type Session, type View } from '@sockudo/ai-transport';
import { connectEvents, runEvents, type StreamOptions } from './events.ts';
import type { ToSaying } from './input.ts';
import { eventResponse } from './sse.ts';

export interface SessionAgentOptions extends Omit<AgentConfig, 'initialMessages' | 'initialState'> {
  readonly session: Session;
  /** Line of the session that is shown. Default: the main one. */
  readonly view?: View;
  /** What a user message becomes. Default: its text; with files, a message of the AI SDK's form. */
  readonly toSaying?: ToSaying;
}

type Observed = ReturnType<AbstractAgent['run']>;

/** Ids remembered; of more, the oldest go. */
const SEEN_MAX = 10_000;

/**
 * `runAgent()` says what is new among the messages, and tells the run that answers. `connectAgent()` shows the conversation as it stands and
 * follows a run that is on its way: after a reload, on another device. `abortRun()` stops the run for everybody; `detachActiveRun()`, or
 * leaving the page, stops nothing.
 */
export class SessionAgent extends AbstractAgent {
  readonly session: Session;
  readonly #view: View;
  readonly #options: SessionAgentOptions;
  /** Ids of messages that the reader has had. */
  readonly #seen = new Set<string>();
  #reader = new AbortController();
  #runId: string | null = null;

  constructor(options: SessionAgentOptions) {
    const { session, view = session.view(), toSaying: _, ...config } = options;
    super({ threadId: session.channel, ...config });
    this.session = session;
    this.#options = options;
    this.#view = view;
  }

  override run(input: RunAgentInput): Observed {
    return this.#observed((options) => runEvents(this.session, input, options), input);
  }

  protected override connect(input: RunAgentInput): Observed {
    return this.#observed((options) => connectEvents(this.session, input, options), input);
  }

  /** What runs wait for is told anew: it may have been answered elsewhere. */
  override connectAgent(...all: Parameters<AbstractAgent['connectAgent']>): Promise<RunAgentResult> {
    this.pendingInterrupts = [];
    return super.connectAgent(...all);
  }

  /** Stops the run, whoever started it; its end is told when it is there. What was not sent yet is not sent. */
  override abortRun(): void {
    if (this.#runId === null) this.#reader.abort();
    else void this.session.cancel(this.#runId).catch(() => {});
  }

  override async detachActiveRun(): Promise<void> {
    await super.detachActiveRun();
    this.#reader.abort();
  }

  /**
   * Connects whenever something happens in the session that this agent did not start: a message from another device, a run of somebody
   * else. Answers how to stop that.
   */
  follow(): () => void {
    let told = null as View['messages'] | null;
    const check = (): void => {
      const { messages, runs } = this.#view;
      const isNews = this.session.status === 'live' && (told === null || messages !== told);
      if (this.isRunning || !isNews) return;
      told = messages;
      const isStill = !runs.some((run) => isLive(run));
      if (isStill && this.#has(messages)) return;
      // What it rejects with was told as the end of the run.
      this.connectAgent().then(check, () => {});
    };
    const stop = this.session.subscribe(check);
    check();
    return stop;
  }

  override clone(): SessionAgent {
    const { agentId, threadId, description } = this;
    const clone = new SessionAgent({
      ...this.#options,
      threadId,
      description,
      ...(agentId !== undefined && { agentId }),
    });
    clone.messages = structuredClone(this.messages);
    clone.state = structuredClone(this.state);
    clone.pendingInterrupts = structuredClone(this.pendingInterrupts);
    clone.subscribers = [...this.subscribers];
    clone.debug = this.debug;
    // CAST: the package keeps them to itself, and copies them in a clone of its own.
    const { middlewares } = this as unknown as { readonly middlewares: readonly Middleware[] };
    clone.use(...middlewares);
    for (const id of this.#seen) clone.#seen.add(id);
    return clone;
  }

  #has(messages: View['messages']): boolean {
    const had = new Set(this.messages.map(({ id }) => id));
    return messages.every(({ id }) => had.has(id));
  }

  /** By the package's own way of reading a server, which checks what it reads. */
  #observed(
    open: (options: StreamOptions) => AsyncGenerator<Event, void>,
    { messages }: RunAgentInput,
  ): Observed {
    this.#reader.abort();
    this.#reader = new AbortController();
    this.#runId = null;
    this.#note(messages.map(({ id }) => id));
    const { signal } = this.#reader;
    const { toSaying } = this.#options;
    const options: StreamOptions = {
      view: this.#view,
      toSaying,
      seen: this.#seen,
      onRun: (runId) => {
        this.#runId = runId;
      },
    };
    const over = (): void => {
      if (!signal.aborted) this.#runId = null;
    };
    const response = eventResponse((gone) => this.#noted(open({ ...options, signal: gone }), over), signal);
    return transformHttpEventStream(
      runHttpRequest(async () => response),
      this.debugLogger,
    );
  }

  async *#noted(events: AsyncGenerator<Event, void>, over: () => void): AsyncGenerator<Event, void> {
    for await (const event of events) {
      if (event.type === 'MESSAGES_SNAPSHOT') this.#note(event.messages.map(({ id }) => id));
      else if ('messageId' in event && event.type.endsWith('_START')) this.#note([event.messageId]);
      yield event;
    }
    over();
  }

  #note(ids: readonly string[]): void {
    for (const id of ids) this.#seen.add(id);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= SEEN_MAX) break;
      this.#seen.delete(oldest);
    }
  }
}

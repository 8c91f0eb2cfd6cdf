/** The AI SDK's way to a session: what a chat sends, and the streams that it reads. */
import type { Session, View } from '@sockudo/ai-transport';
import type { ChatTransport, UIMessage, UIMessageChunk } from 'ai';
import { Requests, type Turn } from './requests.ts';
import { RunStream } from './run-stream.ts';
import { loaded, stateOf } from './state.ts';

export interface ChatTransportOptions {
  /** Line of the conversation that the chat shows. Default: the session's main view. */
  readonly view?: View | undefined;
  /**
   * What it means that a chat gives up a stream: `cancel`, the default, that somebody pressed stop; `leave` that nobody looks. `useChat`
   * of React gives up also when its component goes: a function says which of both it was.
   */
  readonly onAbort?:
    | 'cancel'
    | 'leave'
    | (() => 'cancel' | 'leave' | Promise<'cancel' | 'leave'>)
    | undefined;
  /** A stream is handed to the chat: `sent` for what it asked for, `resumed` for what it came back to. */
  readonly onStream?: ((kind: 'sent' | 'resumed') => void) | undefined;
}

/**
 * A transport for `Chat` and `useChat`. Everything it answers with comes out of the session, so a page that was not there from the
 * beginning reads the same. Has nothing to close: the session is its maker's.
 */
export function createChatTransport<Message extends UIMessage = UIMessage>(
  session: Session,
  options: ChatTransportOptions = {},
): ChatTransport<Message> {
  const transport = new SessionTransport(session, options);
  return {
    resumeStreamIsReplay: true,
    sendMessages: (request) => transport.send(request),
    reconnectToStream: (request) => transport.reconnect(request),
  };
}

class SessionTransport {
  readonly #session: Session;
  readonly #view: View;
  readonly #onAbort: NonNullable<ChatTransportOptions['onAbort']>;
  readonly #onStream: NonNullable<ChatTransportOptions['onStream']>;
  readonly #requests: Requests;

  constructor(session: Session, options: ChatTransportOptions) {
    const { view = session.view(), onAbort = 'cancel', onStream = () => {} } = options;
    this.#session = session;
    this.#onStream = onStream;
    this.#view = view;
    this.#onAbort = onAbort;
    this.#requests = new Requests(session, view, stateOf(session));
  }

  async send(
    request: Parameters<ChatTransport<UIMessage>['sendMessages']>[0],
  ): Promise<ReadableStream<UIMessageChunk>> {
    const { abortSignal } = request;
    await loaded(this.#session, abortSignal);
    abortSignal?.throwIfAborted();
    const turn = this.#requests.take(request);
    this.#onStream('sent');
    return this.#open(turn, abortSignal);
  }

  async reconnect({
    abortSignal,
  }: Parameters<
    ChatTransport<UIMessage>['reconnectToStream']
  >[0]): Promise<ReadableStream<UIMessageChunk> | null> {
    const state = stateOf(this.#session);
    state.reconnects += 1;
    await loaded(this.#session, abortSignal);
    abortSignal?.throwIfAborted();
    const runId = state.liveRun(this.#view);
    if (runId === null) return null;
    this.#onStream('resumed');
    return this.#open({ runId, sent: [] }, abortSignal);
  }

  #open({ runId, sent, after }: Turn, signal: AbortSignal | undefined): ReadableStream<UIMessageChunk> {
    const run = new RunStream(this.#session, runId, { after, view: this.#view });
    for (const { published } of sent) published.catch((error: unknown) => run.fail(error));
    signal?.addEventListener('abort', () => {
      run.close();
      void this.#aborted(runId);
    });
    return run.stream;
  }

  async #aborted(runId: string): Promise<void> {
    const state = stateOf(this.#session);
    const { reconnects } = state;
    await Promise.resolve();
    // The chat goes on with another stream of the same run: a component that was mounted twice.
    if (state.reconnects !== reconnects) return;
    const meaning = typeof this.#onAbort === 'function' ? await this.#onAbort() : this.#onAbort;
    if (meaning === 'cancel') state.stop(runId);
  }
}

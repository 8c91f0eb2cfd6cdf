/** What the chats on one session share: which runs are being stopped, and when streams end. */
import { isLive, type Session, type View } from '@sockudo/ai-transport';

/** Runs that were stopped here and are not over. */
const STOPPING_MAX = 256;

export class ChatState {
  /** Streams that are being read. */
  streams = 0;
  /** Counts attempts to come back to a stream. */
  reconnects = 0;
  /** Somebody keeps a chat in step with the session: it finds out by itself what a stream cannot say. */
  followers = 0;
  readonly #session: Session;
  readonly #stopping = new Set<string>();
  readonly #listeners = new Set<() => void>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Asks a run to stop; from now on no chat comes back to it. */
  stop(runId: string): void {
    this.#stopping.add(runId);
    const [oldest] = this.#stopping;
    if (this.#stopping.size > STOPPING_MAX && oldest !== undefined) this.#stopping.delete(oldest);
    // It has not come to be stopped: it goes on, and may be followed again.
    this.#session.cancel(runId).catch(() => this.#stopping.delete(runId));
    this.changed();
  }

  /** A run of the view that a chat should show as it comes; null: there is none. */
  liveRun(view = this.#session.view()): string | null {
    const live = view.runs.filter(
      (run) =>
        isLive(run) && run.status !== 'suspended' && !run.isCancelRequested && !this.#stopping.has(run.id),
    );
    return (live.find(({ status }) => status === 'running') ?? live[0])?.id ?? null;
  }

  /** Calls when a stream ends. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

const states = new WeakMap<Session, ChatState>();

export function stateOf(session: Session): ChatState {
  const known = states.get(session);
  if (known !== undefined) return known;
  const made = new ChatState(session);
  states.set(session, made);
  return made;
}

/**
 * Resolves when the session shows its messages: read, or from a snapshot.
 * Rejects with what keeps it from ever being read, or with the signal's reason.
 */
export function loaded(session: Session, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stops: (() => void)[] = [];
    const settle = (then: () => void): void => {
      for (const stop of stops) stop();
      then();
    };
    const check = (): void => {
      const { status, error } = session;
      if (status === 'live' || session.view().messages.length > 0) settle(resolve);
      else if (status === 'failed' || status === 'closed')
        settle(() => reject(error ?? new Error(`The session is ${status}`)));
    };
    const abort = (): void => settle(() => reject(signal?.reason));
    stops.push(session.subscribe(check), () => signal?.removeEventListener('abort', abort));
    if (signal?.aborted === true) return abort();
    signal?.addEventListener('abort', abort);
    check();
  });
}

/** Pages of older messages that are read at once. */
const PAGES_MAX = 10;

/** The same with so many messages, as far as there are that many. */
export async function loadedUpTo(
  session: Session,
  atLeast: number,
  view: View,
  signal?: AbortSignal,
): Promise<void> {
  await loaded(session, signal);
  for (let page = 0; page < PAGES_MAX; page += 1) {
    // A snapshot is shown before anything can be read.
    if (session.status !== 'live' || view.messages.length >= atLeast || !session.hasOlder) return;
    signal?.throwIfAborted();
    await session.loadOlder();
  }
}

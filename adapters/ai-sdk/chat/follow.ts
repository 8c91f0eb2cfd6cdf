/**
 * Keeps a chat in step with a session, also where the chat has asked for nothing: a second tab, another device, a page that came back. A
 * run that goes on is read as a stream, so the chat knows that it streams and can stop it; all else is shown as it stands. A session
 * wakes by itself when page or network are back. Must not know: React, Vue, Svelte.
 */
import type { Session, View } from '@sockudo/ai-transport';
import type { AbstractChat } from 'ai';
import type { UIMessage } from '../parts/chunk.ts';
import { isSameList, withAnswers } from './answers.ts';
import { loadedUpTo, stateOf } from './state.ts';
import { toUIMessages } from './ui-messages.ts';

/** What a chat has to be able to do; every `Chat` of the AI SDK's is. */
export type FollowingChat<Message extends UIMessage = UIMessage> = Pick<
  AbstractChat<Message>,
  'status' | 'messages' | 'resumeStream'
>;

/** A chat that is busy with no stream of ours is asked again after this time, milliseconds. */
const BUSY_MS = 50;

export interface FollowOptions {
  /** Line of the conversation. Default: the session's main view. */
  readonly view?: View | undefined;
  /** Messages to begin with, as far as there are that many; more by `session.loadOlder()`. Default 20. */
  readonly atLeast?: number | undefined;
}

/** The answer stops it; runs and session go on. */
export function followSession<Message extends UIMessage>(
  chat: FollowingChat<Message>,
  session: Session,
  { view = session.view(), atLeast = 20 }: FollowOptions = {},
): () => void {
  const follower = new Follower(chat, session, view);
  void follower.begin(atLeast);
  return () => follower.stop();
}

class Follower<Message extends UIMessage> {
  readonly #chat: FollowingChat<Message>;
  readonly #session: Session;
  readonly #view: View;
  readonly #stops: (() => void)[];
  /** Run whose stream the chat could not read. */
  #given: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isResuming = false;
  #hasBegun = false;
  #oldest: string | undefined;
  #isStopped = false;

  constructor(chat: FollowingChat<Message>, session: Session, view: View) {
    this.#chat = chat;
    this.#session = session;
    this.#view = view;
    const state = stateOf(session);
    state.followers += 1;
    this.#stops = [session.subscribe(() => this.look()), state.listen(() => this.look())];
  }

  /** What was read long ago is read before anything is shown: a chat that streams shows nothing else until it is done. */
  async begin(atLeast: number): Promise<void> {
    await loadedUpTo(this.#session, atLeast, this.#view).catch(() => {});
    this.#hasBegun = true;
    this.look();
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const stop of this.#stops) stop();
    clearTimeout(this.#timer);
    stateOf(this.#session).followers -= 1;
  }

  look(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped || !this.#hasBegun || !this.#isShown) return;
    const state = stateOf(this.#session);
    if (this.#isBusy || this.#isResuming) {
      this.#showOlder();
      // Its stream tells when it ends; where it has none, nobody does.
      if (state.streams === 0) this.#timer = setTimeout(() => this.look(), BUSY_MS);
      return;
    }
    const runId = state.liveRun(this.#view);
    const follows = runId !== null && runId !== this.#given;
    this.#show(follows ? runId : null);
    if (follows) void this.#resume(runId);
  }

  get #isShown(): boolean {
    return this.#session.status === 'live' || this.#view.messages.length > 0;
  }

  get #isBusy(): boolean {
    const { status } = this.#chat;
    return status === 'submitted' || status === 'streaming';
  }

  /** Of a conversation in which a run goes on only what stands before its answer: the stream brings the rest. */
  #show(runId: string | null): void {
    this.#oldest = this.#view.messages[0]?.id;
    const all = toUIMessages<Message>(this.#session, this.#view);
    const shown = withAnswers(runId === null ? all : upTo(all, this.#view, runId), this.#chat.messages);
    if (!isSameList(this.#chat.messages, shown)) this.#chat.messages = shown;
  }

  /** Older messages were read while the chat streams: they are put before what it shows. */
  #showOlder(): void {
    const oldest = this.#view.messages[0]?.id;
    if (oldest === this.#oldest) return;
    this.#oldest = oldest;
    const { messages } = this.#chat;
    const all = toUIMessages<Message>(this.#session, this.#view);
    const place = all.findIndex(({ id }) => id === messages[0]?.id);
    if (place > 0) this.#chat.messages = [...all.slice(0, place), ...messages];
  }

  async #resume(runId: string): Promise<void> {
    this.#isResuming = true;
    await this.#chat.resumeStream().catch(() => {});
    this.#isResuming = false;
    // Whatever it was, it would happen again.
    if (this.#chat.status === 'error') this.#given = runId;
    this.look();
  }
}

/** Messages without those of later runs. */
function upTo<Message extends UIMessage>(messages: readonly Message[], view: View, runId: string): Message[] {
  const place = view.runs.findIndex(({ id }) => id === runId);
  const later = new Set(view.runs.slice(place + 1).map(({ id }) => id));
  const first = view.messages.find((message) => later.has(message.runId))?.id;
  const end = messages.findIndex(({ id }) => id === first);
  return place < 0 || end < 0 ? [...messages] : messages.slice(0, end);
}

/**
 * A conversation as its user sees it: ties together the line to the channel (link.ts), what is known of it (content.ts), what is on its
 * way (outbox.ts), and how it hangs together (conversation.ts).
 */
import { isTerminal } from '../../wire/index.ts';
import type { LogEntry } from '../log/entry.ts';
import type { SessionMessage, SessionRun } from '../tree/model.ts';
import type { RunNode } from '../tree/tree.ts';
import { type Agent, Agents } from './agents.ts';
import { acquireChannel } from './channel-use.ts';
import { type InputKind, outgoingCancel, outgoingInput } from './commands.ts';
import { Content } from './content.ts';
import { Conversation, predecessorOf } from './conversation.ts';
import { SessionError } from './errors.ts';
import { newId } from './ids.ts';
import { Link } from './link.ts';
import { MoveRequests } from './move-requests.ts';
import type { MessageOptions, SendOptions, Sent, SessionOptions } from './options.ts';
import { Outbox, type Published } from './outbox.ts';
import { publisher } from './publisher.ts';
import type { SessionState } from './session-state.ts';
import { contentOf, type SessionSnapshot, snapshotOf } from './snapshot.ts';
import { defaultSurroundings, type Surroundings } from './surroundings.ts';
import { View } from './view.ts';

const VIEWS_MAX = 100;
const SENT_MAX = 256;
const NO_AGENTS: readonly Agent[] = [];

/**
 * Opens a session: subscribes its channel, reads it, follows it.
 * @throws SessionError `invalid_snapshot`, `invalid_options`
 */
export function createSession(options: SessionOptions): Session {
  const session = new Session(options);
  session.open();
  return session;
}

export class Session {
  readonly channel: string;
  readonly #options: SessionOptions;
  readonly #content: Content;
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #conversation: Conversation;
  readonly #moves = new MoveRequests();
  readonly #views = new Map<string, View>();
  readonly #listeners = new Set<() => void>();
  /** By message id; the longest known first. */
  readonly #sent = new Map<string, Sent>();
  #use: ReturnType<typeof acquireChannel> | null = null;
  #agents: Agents | null = null;
  #revision = 0;
  #isTelling = false;
  #older: Promise<boolean> | null = null;

  /**
   * Nothing is subscribed before `open`.
   * @param surroundings for tests; default: what the globals offer
   */
  constructor(options: SessionOptions, surroundings: Surroundings = defaultSurroundings) {
    const { client, channel, snapshot, appendMode = 'delta' } = options;
    if (typeof channel !== 'string' || channel === '' || channel.includes('*'))
      throw new SessionError('invalid_options', 'channel must be the name of one channel');
    const stored = snapshot === undefined ? null : contentOf(channel, snapshot);
    this.channel = channel;
    this.#options = options;
    const content = new Content(
      (what, entry) => this.#contentChanged(what, entry),
      () => this.#link.apply('gap'),
    );
    this.#content = content;
    this.#link = new Link({
      ...{ client, channel, content, surroundings, appendMode },
      live: () => this.#live(),
      paused: () => this.#outbox.pause(),
      changed: () => this.#changed('text'),
      closed: () => this.#ended(),
    });
    this.#outbox = new Outbox({
      publish: publisher(client, channel, () => this.#link.source.keepsRuns === true),
      surroundings,
      changed: () => this.#changed('structure'),
      adopt: (message) => content.receive({ ...message, action: 'create', isWhole: true, isRead: false }),
    });
    this.#conversation = new Conversation(content, this.#outbox);
    if (stored !== null) content.restore(stored);
  }

  /** Subscribes and reads. `createSession` has done it already; once is enough. */
  open(): void {
    const { client, agents } = this.#options;
    if (this.#use !== null || this.status === 'closed') return;
    this.#use = acquireChannel(client, this.channel);
    if (agents !== undefined) this.#agents = new Agents(client, agents, () => this.#changed('text'));
    this.#link.open(this.#use.channel);
  }

  /** See SessionState: what is shown is complete when it is `live`. */
  get status(): SessionState {
    return this.#link.state;
  }

  /** Why the session is `failed`, or what keeps it from becoming live; null otherwise. */
  get error(): SessionError | null {
    return this.#link.error;
  }

  /** All runs that are known, in the order of their beginning. The same list until something in it changes. */
  get runs(): readonly SessionRun[] {
    return this.#conversation.runs;
  }

  /** Runs that wait for a worker, the next one first. */
  get queue(): readonly SessionRun[] {
    return this.#conversation.queue;
  }

  /** Agents that are there (option `agents`). */
  get agents(): readonly Agent[] {
    return this.#agents?.list ?? NO_AGENTS;
  }

  /** There are messages before the oldest one that is shown. */
  get hasOlder(): boolean {
    return this.#content.hasOlder;
  }

  get isLoadingOlder(): boolean {
    return this.#older !== null;
  }

  /** Calls soon after changes, several at once; the answer stops it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** A line through the conversation; the same object for the same name. @throws SessionError `invalid_options` beyond 100 */
  view(name = 'main'): View {
    const known = this.#views.get(name);
    if (known !== undefined) return known;
    if (this.#views.size >= VIEWS_MAX)
      throw new SessionError('invalid_options', 'There are 100 views already');
    const view = new View(name, {
      conversation: this.#conversation,
      revision: () => this.#revision,
      changed: () => this.#changed('text'),
      subscribe: (listener) => this.subscribe(listener),
    });
    this.#views.set(name, view);
    return view;
  }

  /** A message of any branch; null for one that is not known. */
  message(id: string): SessionMessage | null {
    const run = this.#conversation.ownerOf(id);
    return run === undefined ? null : this.#conversation.message(run, id);
  }

  run(id: string): SessionRun | null {
    const run = this.#conversation.tree.runs.get(id);
    return run === undefined ? null : this.#conversation.run(run);
  }

  /**
   * Reads a page of older messages. Answers whether there are more still. One at a time: a second call gets the first one's answer.
   * Rejects with SessionError `history_failed`, `closed`.
   */
  loadOlder(): Promise<boolean> {
    if (this.#link.state === 'closed') return Promise.reject(closedError());
    if (!this.hasOlder) return Promise.resolve(false);
    this.#older ??= this.#content
      .older((oldest) => this.#link.source.before(oldest))
      .then(
        () => this.hasOlder,
        (error: unknown) => {
          throw new SessionError('history_failed', 'Older messages could not be read', error);
        },
      )
      .finally(() => {
        this.#older = null;
        this.#changed('text');
      });
    this.#changed('text');
    return this.#older;
  }

  /** Says something: opens a run. `data`: a text, or anything that is JSON. */
  send(data: unknown, options: MessageOptions = {}): Sent {
    const { view = this.view(), runId = newId() } = options;
    const parent = options.parent === undefined ? lastOf(view) : options.parent;
    return this.#input({ kind: 'message', runId, parent }, data, options);
  }

  /** Says something else in place of an earlier message, which stays as another version. @throws SessionError `unknown_message` */
  edit(messageId: string, data: unknown, options: SendOptions = {}): Sent {
    const run = this.#ownerOf(messageId);
    const parent = predecessorOf(run, messageId);
    const sent = this.#input({ kind: 'edit', runId: newId(), parent, target: messageId }, data, options);
    this.#show(sent.runId, options.view);
    return sent;
  }

  /** Asks for another answer in place of one. @throws SessionError `unknown_message` */
  regenerate(messageId: string, options: SendOptions = {}): Sent {
    const run = this.#ownerOf(messageId);
    const parent = predecessorOf(run, messageId);
    const what: InputKind = { kind: 'regenerate', runId: newId(), parent, target: messageId };
    const sent = this.#input(what, { target: messageId, ...(parent !== null && { parent }) }, options);
    this.#show(sent.runId, options.view);
    return sent;
  }

  /** Says more to a run that is not over: one that works, or waits for an answer. @throws SessionError `unknown_run` */
  steer(runId: string, data: unknown, options: SendOptions = {}): Sent {
    const run = this.run(runId);
    if (run === null || isTerminal(run.status))
      throw new SessionError('unknown_run', `There is no live run '${runId}'`);
    return this.#input({ kind: 'steer', runId }, data, options);
  }

  /**
   * Stops a run, whoever started it and on whichever device. Resolves when the server has it; null for a run that is over already.
   * Without a connection it is sent as soon as there is one. Rejects with a SessionError.
   */
  cancel(runId: string): Promise<Published | null> {
    const run = this.#conversation.tree.runs.get(runId);
    if (run !== undefined && isTerminal(run.state.status)) return Promise.resolve(null);
    if (this.#link.state === 'closed') return Promise.reject(closedError());
    return quiet(this.#outbox.add(outgoingCancel(runId)));
  }

  /** Puts a queued run before another one; null: at the end. Rejects with SessionError `refused`, `unsupported`, `unconfirmed`. */
  async move(runId: string, before: string | null): Promise<SessionRun | null> {
    const channel = this.#use?.channel;
    if (this.#link.state !== 'live' || channel === undefined)
      throw new SessionError('unconfirmed', 'The session is not live');
    if (this.#link.source.keepsRuns !== true)
      throw new SessionError('unsupported', 'This server keeps no queue');
    this.#content.note(await this.#moves.ask(channel, runId, before));
    return this.run(runId);
  }

  /** Sends a message again that failed. False: it did not. */
  retrySend(messageId: string): boolean {
    return this.#outbox.retry(this.#eventIdOf(messageId));
  }

  /** Takes a message back that failed or was not sent yet. False: too late. */
  discard(messageId: string): boolean {
    return this.#outbox.discard(this.#eventIdOf(messageId));
  }

  /** What is known, as JSON: for `createSession` after a reload, to show it at once. What is on its way is not in it. */
  snapshot(): SessionSnapshot {
    return snapshotOf(this.channel, this.#content.stored());
  }

  /** Tries again at once: after `failed`, or while waiting for a connection. */
  retry(): void {
    this.#link.apply('retry');
  }

  /** For good. Runs go on; what was not sent is given up. */
  close(): void {
    this.#link.apply('close');
  }

  /** What was read back is on its way no more. */
  #live(): void {
    for (const message of this.#content.log.messages()) this.#outbox.confirm(message);
    this.#outbox.open();
  }

  #ended(): void {
    this.#outbox.close();
    this.#moves.close();
    this.#agents?.close();
    this.#use?.release();
  }

  #input(what: InputKind, data: unknown, options: SendOptions): Sent {
    if (this.status === 'closed') throw closedError();
    const known = this.#sentBefore(options.messageId);
    if (known !== null) return known;
    const outgoing = outgoingInput(what, data, options, this.#options.clientId);
    const { messageId } = outgoing;
    const published = quiet(this.#outbox.add(outgoing));
    const sent = { messageId, runId: what.runId, published };
    this.#sent.set(messageId, sent);
    const oldest = this.#sent.size > SENT_MAX ? this.#sent.keys().next() : undefined;
    if (oldest?.done === false) this.#sent.delete(oldest.value);
    return sent;
  }

  /** The same id again is the same message: an effect that runs twice, a page that comes back. */
  #sentBefore(messageId: string | undefined): Sent | null {
    if (messageId === undefined) return null;
    const sent = this.#sent.get(messageId);
    const run = this.#conversation.ownerOf(messageId);
    const source = run?.facts.messages.get(messageId)?.events[0]?.message;
    if (run === undefined || source === undefined) return null;
    if (sent !== undefined) return sent;
    const published = Promise.resolve({ messageSerial: source.key, serial: source.place });
    return { messageId, runId: run.id, published };
  }

  /** Has a view show the version that a run is going to hold. */
  #show(runId: string, view: View = this.view()): void {
    const fork = this.#conversation.tree.runs.get(runId)?.fork;
    if (fork !== undefined && fork !== null) view.choose(fork.messageId, runId);
  }

  #ownerOf(messageId: string): RunNode {
    const run = this.#conversation.ownerOf(messageId);
    if (run !== undefined) return run;
    throw new SessionError('unknown_message', `There is no message '${messageId}'`);
  }

  #eventIdOf(messageId: string): string {
    return this.message(messageId)?.parts[0]?.transport['event-id'] ?? '';
  }

  #contentChanged(what: 'text' | 'structure', entry?: LogEntry): void {
    if (entry !== undefined && what === 'structure') this.#outbox.confirm(entry);
    this.#changed(what);
  }

  #changed(what: 'text' | 'structure'): void {
    if (what === 'structure') this.#conversation.changed();
    this.#revision += 1;
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}

const closedError = (): SessionError => new SessionError('closed', 'The session is closed');

/** What failed while it was sent is not in the conversation. */
const lastOf = (view: View): string | null =>
  view.messages.findLast(({ status }) => status !== 'failed')?.id ?? null;

/** A rejection that nobody looks at ends no program. */
function quiet<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}

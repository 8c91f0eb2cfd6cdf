/**
 * A session's line to its channel: follows connection and subscription, reads the channel anew when that is needed, and says when what
 * is shown is complete. What follows from what is in session-state.ts. Must not know: trees, sending.
 */
import type { Channel, EventMetadata, Sockudo } from '@sockudo/client';
import { isJsonObject, member, stringMember } from '@sockudo/protocol';
import { entryOfFrame } from '../log/entry.ts';
import { attach, Source } from './attach.ts';
import { type Content, isOfSession } from './content.ts';
import { SessionError } from './errors.ts';
import { channelOf, knownRunOf } from './server-answers.ts';
import {
  type SessionEffect,
  type SessionInput,
  type SessionState,
  sessionTransition,
} from './session-state.ts';
import type { Surroundings } from './surroundings.ts';

const RETRY_MS_MAX = 30_000;

export interface LinkOptions {
  readonly client: Sockudo;
  /** Its name. */
  readonly channel: string;
  readonly content: Content;
  readonly surroundings: Surroundings;
  readonly appendMode: 'delta' | 'full';
  /** Everything is read: what waits may be sent. Called again when it is worth another try. */
  readonly live: () => void;
  /** That is over. */
  readonly paused: () => void;
  /** State or error are others than before. */
  readonly changed: () => void;
  readonly closed: () => void;
}

export class Link {
  /** See SessionState. */
  state: SessionState = 'connecting';
  /** Why it is not live; null: nothing is wrong. */
  error: SessionError | null = null;
  readonly source: Source;
  readonly #options: LinkOptions;
  readonly #stops: (() => void)[] = [];
  /** Counts readings; what an older one brings is dropped. */
  #attachment = 0;
  #failures = 0;
  #retryTimer: unknown;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { client, channel, surroundings } = options;
    this.source = new Source(client, channel, surroundings);
  }

  /** Begins to listen. */
  open(channel: Channel): void {
    const { client, surroundings } = this.#options;
    const { connection } = client;
    const every = (event: string, data: unknown, metadata: EventMetadata) =>
      this.#received(event, data, metadata);
    const state = ({ current }: { readonly current: string }) => this.#connectionIs(current);
    const subscribed = () => this.#subscribed();
    const refused = (error: unknown) => this.#refused(error);
    const notResumed = () => this.#options.content.notResumed();
    const resumed = (data: unknown) => this.#resumed(data);
    const session = this.#aboutUs((data) => this.source.answered(data));
    const run = this.#aboutUs((data) => this.#told(data));
    channel.bind_global(every);
    channel.bind('sockudo:subscription_succeeded', subscribed);
    channel.bind('sockudo:subscription_error', refused);
    channel.bind('sockudo:resume_failed', notResumed);
    client.bind('sockudo:resume_success', resumed);
    client.bind('sockudo:ai_session', session);
    client.bind('sockudo:ai_run', run);
    connection.bind('state_change', state);
    this.#stops.push(
      () => channel.unbind_global(every),
      () => channel.unbind('sockudo:subscription_succeeded', subscribed),
      () => channel.unbind('sockudo:subscription_error', refused),
      () => channel.unbind('sockudo:resume_failed', notResumed),
      () => client.unbind('sockudo:resume_success', resumed),
      () => client.unbind('sockudo:ai_session', session),
      () => client.unbind('sockudo:ai_run', run),
      () => connection.unbind('state_change', state),
      surroundings.watchWake(() => this.apply('wake')),
    );
    if (connection.state === 'failed') this.#connectionIs('failed');
    if (channel.subscribed) this.apply('subscribed');
  }

  /** The one place where the state changes. */
  apply(input: SessionInput): void {
    const before = this.state;
    const { state, effects } = sessionTransition(before, input);
    this.state = state;
    if (state === 'live') this.error = null;
    if (before === 'live' && state !== 'live') this.#options.paused();
    for (const effect of effects) this.#carryOut(effect);
    if (state !== before) this.#options.changed();
  }

  #carryOut(effect: SessionEffect): void {
    const { client, channel } = this.#options;
    const carry: Record<SessionEffect, () => void> = {
      attach: () => this.#attach(),
      stop: () => this.#stopAttaching(),
      wait: () => this.#retryLater(),
      flush: () => this.#options.live(),
      hurry: () => {
        const { state } = client.connection;
        // Who disconnected on purpose is left alone.
        if (state === 'connecting' || state === 'unavailable') client.connect();
      },
      subscribe: () => void client.subscribe(channel),
      release: () => this.#release(),
    };
    carry[effect]();
  }

  #aboutUs(then: (data: unknown) => void): (data: unknown, metadata: EventMetadata) => void {
    return (data, { channel }) => {
      if (channelOf(data, channel) === this.#options.channel) then(data);
    };
  }

  #received(event: string, data: unknown, metadata: EventMetadata): void {
    const { content, appendMode } = this.#options;
    const entry = entryOfFrame(event, data, metadata, { appendMode });
    if (entry !== null && isOfSession(entry)) content.receive(entry);
  }

  #told(data: unknown): void {
    const run = isJsonObject(data) ? knownRunOf(member(data, 'run')) : null;
    if (run !== null) this.#options.content.note(run);
  }

  #connectionIs(state: string): void {
    if (state === 'connected' || this.state === 'closed') return;
    this.#options.content.interrupted();
    this.source.lost();
    if (state === 'failed') this.error = new SessionError('unsupported', 'No connection is possible here');
    this.apply(state === 'failed' ? 'unsupported' : state === 'connecting' ? 'lost' : 'unreachable');
  }

  #subscribed(): void {
    // Made anew on a connection that was there all along: nobody resumes that.
    if (this.state === 'live') this.#options.content.broken();
    this.apply('subscribed');
  }

  #refused(error: unknown): void {
    const text = isJsonObject(error) ? (stringMember(error, 'error') ?? '') : '';
    this.error = new SessionError('refused', `The channel was refused: ${text}`, error);
    this.apply('refused');
  }

  #resumed(data: unknown): void {
    const { channel, content } = this.#options;
    const recovered = isJsonObject(data) ? member(data, 'recovered') : undefined;
    const isOurs = (entry: unknown) => isJsonObject(entry) && stringMember(entry, 'channel') === channel;
    if (Array.isArray(recovered) && recovered.some(isOurs)) content.resumed();
  }

  #attach(): void {
    this.#stopAttaching();
    const attachment = this.#attachment;
    const isCurrent = () => attachment === this.#attachment;
    attach(this.source, this.#options.content, isCurrent).then(
      (isDone) => isCurrent() && this.#attached(isDone),
      (error: unknown) => isCurrent() && this.#notAttached(error),
    );
  }

  #attached(isDone: boolean): void {
    this.#failures = isDone ? 0 : this.#failures + 1;
    this.apply(isDone ? 'attached' : 'attach-failed');
  }

  #notAttached(error: unknown): void {
    this.#failures += 1;
    const isHopeless = error instanceof Error && error.name === 'UnsupportedFeature';
    const text = isHopeless ? 'Sessions need protocolVersion 2' : 'The session could not be read';
    this.error = new SessionError(isHopeless ? 'unsupported' : 'history_failed', text, error);
    this.apply(isHopeless ? 'unsupported' : 'attach-failed');
    this.#options.changed();
  }

  #stopAttaching(): void {
    this.#attachment += 1;
    this.#options.surroundings.clearTimer(this.#retryTimer);
  }

  #retryLater(): void {
    const { surroundings } = this.#options;
    const delayMs = Math.min(RETRY_MS_MAX, 500 * 2 ** Math.min(this.#failures, 10));
    const spread = 0.5 + surroundings.random() / 2;
    this.#retryTimer = surroundings.setTimer(() => this.apply('retry-due'), delayMs * spread);
  }

  #release(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.source.lost();
    this.#options.closed();
  }
}

/**
 * The client: puts connection, channels, user, recovery and token together and carries each frame along one fixed way.
 * Must not know: how any of them works inside.
 *
 * Way of a frame: connection (decode) → deltas → (held while a gap before it is filled) → deduplication → token → recovery positions
 * → user → channels → global handlers.
 */
import type { JsonObject } from '@sockudo/protocol';
import { CapabilityToken } from './capability-token.ts';
import { Channel, metadataOf } from './channel.ts';
import type { ChannelHost } from './channel-host.ts';
import { ChannelRegistry } from './channel-registry.ts';
import { Connection } from './connection.ts';
import { Deduplicator } from './deduplicator.ts';
import { Deltas } from './deltas.ts';
import { Emitter, type Undeclared } from './emitter.ts';
import type { EncryptedChannel } from './encrypted-channel.ts';
import { type ProtocolErrorData, UnsupportedFeature } from './errors.ts';
import { type EventNames, eventNames } from './event-names.ts';
import { Fallback } from './event-source-fallback.ts';
import { eventSocketClass } from './event-source-socket.ts';
import type { FilterNode } from './filter.ts';
import { type Frame, isPublished } from './frame.ts';
import { type HistoryPage, type HistoryParams, HistoryRequests } from './history.ts';
import { createLogger, type Logger } from './logger.ts';
import type { SockudoOptions } from './options.ts';
import { PositionStore } from './position-store.ts';
import type { RecoveryPosition } from './positions.ts';
import type { PresenceChannel } from './presence-channel.ts';
import type { PrivateChannel } from './private-channel.ts';
import { Recovery, type ResumeFailure } from './recovery.ts';
import { type RequestBody, Requests } from './requests.ts';
import { defaultRuntime, type Runtime } from './runtime.ts';
import { type Settings, settingsFrom } from './settings.ts';
import { isFilterNode, type SubscriptionOptions } from './subscription-options.ts';
import { User } from './user.ts';
import { messageOf } from './values.ts';
import { Visibility } from './visibility.ts';

/** Protocol events that reach handlers bound on the client, besides every event of every channel. */
export interface ClientEvents {
  'pusher:error': ProtocolErrorData;
  'sockudo:error': ProtocolErrorData;
  'sockudo:resume_success': unknown;
  'sockudo:resume_failed': ResumeFailure;
}

/**
 * A realtime client. `Events` may list event names with the type of their data; it then types handlers bound on the client and on
 * channels that do not bring a list of their own.
 *
 * @example
 * const sockudo = new Sockudo<{ price: { symbol: string; value: number } }>('app-key', { wsHost: 'realtime.example.com' });
 * sockudo.subscribe('market').bind('price', ({ symbol, value }) => show(symbol, value));
 */
export class Sockudo<Events extends object = Undeclared> extends Emitter<ClientEvents & Events> {
  /** Log lines of all clients go to the console. */
  static logToConsole = false;
  /** Log lines of all clients go to this function. */
  static log: ((line: string) => void) | undefined;

  readonly key: string;
  readonly connection: Connection;
  readonly user: User;

  readonly #names: EventNames;
  readonly #settings: Settings;
  readonly #channels: ChannelRegistry;
  readonly #deduplicator: Deduplicator | undefined;
  readonly #recovery: Recovery | undefined;
  readonly #positions: PositionStore | undefined;
  /** Pending while positions are still being read; nothing connects before. */
  readonly #restored: Promise<void> | undefined;
  readonly #deltas: Deltas | undefined;
  readonly #history: HistoryRequests | undefined;
  readonly #requests: Requests | undefined;
  readonly #token: CapabilityToken | undefined;
  readonly #visibility: Visibility | undefined;

  /**
   * Connects at once.
   * @param runtime for tests and unusual surroundings; default: what the globals offer
   * @throws InvalidOptions with the option's name in the text
   */
  constructor(key: string, options: SockudoOptions, runtime: Runtime = defaultRuntime) {
    const settings = settingsFrom(key, options, runtime);
    const names = eventNames(settings.protocolVersion);
    super({ handlerKey: names.handlerKey, report: runtime.report });
    this.key = key;
    this.#settings = settings;
    this.#names = names;
    const logger = createLogger(
      () => ({
        log: options.log ?? Sockudo.log,
        logToConsole: options.logToConsole ?? Sockudo.logToConsole,
      }),
      runtime,
    );
    this.#deduplicator =
      settings.deduplicationCapacity > 0 ? new Deduplicator(settings.deduplicationCapacity) : undefined;
    this.#token = this.#createToken(runtime, logger);
    this.#recovery = settings.protocolVersion === 2 ? this.#createRecovery(runtime) : undefined;
    this.#positions = this.#createPositions(runtime, logger);
    this.#restored = this.#positions?.load((stored) => this.#recovery?.restore(stored));
    this.#deltas = settings.protocolVersion === 2 ? this.#createDeltas(logger) : undefined;
    this.#history = settings.protocolVersion === 2 ? this.#createHistory(runtime) : undefined;
    this.#requests = settings.protocolVersion === 2 ? this.#createRequests(runtime) : undefined;
    const send = (event: string, data: unknown) => this.send_event(event, data);
    this.#visibility = settings.reportsVisibility ? new Visibility({ names, runtime, send }) : undefined;
    this.#channels = new ChannelRegistry(this.#channelHost(runtime, logger));
    this.user = this.#createUser(runtime, logger);
    this.connection = this.#createConnection(options, runtime, logger);
    this.connect();
  }

  /** Connects, or hurries a retry along. The constructor has done it already. */
  connect(): void {
    this.#positions?.start();
    this.#visibility?.start();
    this.connection.connect();
  }

  /** Disconnects and stays so. Subscriptions and handlers are kept for the next `connect`. */
  disconnect(): void {
    this.connection.disconnect();
    this.#positions?.stop();
    this.#visibility?.stop();
  }

  /**
   * Subscribes, now or as soon as there is a connection, and again after every reconnect. Calling it again gives the same channel;
   * other options than before replace those.
   * @throws BadChannelName for names that begin with `#`
   */
  subscribe<E extends object = Events, Info = unknown>(
    name: `presence-${string}`,
    options?: SubscriptionOptions | FilterNode,
  ): PresenceChannel<E, Info>;
  subscribe<E extends object = Events>(
    name: `private-encrypted-${string}`,
    options?: SubscriptionOptions | FilterNode,
  ): EncryptedChannel<E>;
  subscribe<E extends object = Events>(
    name: `private-${string}`,
    options?: SubscriptionOptions | FilterNode,
  ): PrivateChannel<E>;
  subscribe<E extends object = Events>(name: string, options?: SubscriptionOptions | FilterNode): Channel<E>;
  subscribe(name: string, options?: SubscriptionOptions | FilterNode): Channel {
    const channel = this.#channels.add(name);
    if (options !== undefined) channel.configure(isFilterNode(options) ? { tagsFilter: options } : options);
    if (this.#isConnected()) channel.subscribe();
    return channel;
  }

  /** Ends a subscription; its channel object is not used again. Nothing happens for unknown names. */
  unsubscribe(name: string): void {
    if (this.#channels.get(name)?.leave() === true) this.#drop(name);
  }

  /** The channel of this name, if subscribed or being subscribed. */
  channel(name: string): Channel | undefined {
    return this.#channels.get(name);
  }

  allChannels(): Channel[] {
    return this.#channels.all();
  }

  /** Sends an event as it is; false when not connected. */
  send_event(event: string, data: unknown, channel?: string): boolean {
    return this.connection.send_event(event, data, channel);
  }

  /** Signs the user in, now and after every reconnect. */
  signin(): void {
    this.user.signin();
  }

  /** The user that the server knows this connection by: of its token, or signed in; undefined while there is none. */
  verifiedClientId(): string | undefined {
    return this.#isConnected() ? (this.#token?.clientId() ?? this.user.user_data?.id) : undefined;
  }

  /** Protocol 2: how far the channel was read; undefined without positions. */
  getRecoveryPosition(channel: string): RecoveryPosition | undefined {
    return this.#recovery?.position(channel);
  }

  #isConnected(): boolean {
    return this.connection.state === 'connected';
  }

  #drop(name: string): void {
    this.#channels.delete(name);
    this.#recovery?.forget(name);
    this.#deduplicator?.forget(name);
    this.#deltas?.forget(name);
    this.#history?.forget(name);
    this.#requests?.forget(name);
  }

  #connected(): void {
    this.#token?.connected();
    const { deltaAlgorithms: algorithms } = this.#settings;
    if (algorithms !== undefined) {
      this.send_event(this.#names.platform('enable_delta_compression'), { algorithms });
    }
    for (const channel of this.#channels.all()) channel.subscribe();
    this.user.connected();
    this.#visibility?.report();
  }

  #lost(): void {
    this.#token?.lost();
    this.#recovery?.lost();
    this.#deltas?.lost();
    this.#history?.lost();
    this.#requests?.lost();
    for (const channel of this.#channels.all()) channel.connectionLost();
    this.user.lost();
  }

  #receive(given: Frame): void {
    if (this.#requests?.handleFrame(given) === true) return;
    const frame = this.#deltas === undefined ? given : this.#deltas.receive(given);
    if (frame === undefined || this.#recovery?.holds(frame) === true) return;
    this.#deliver(frame);
  }

  #deliver(frame: Frame): void {
    if (isPublished(frame.event, this.#names) && this.#deduplicator?.isRepeat(frame) === true) return;
    this.#token?.observe(frame);
    if (this.#isExpected(frame)) this.#recovery?.observe(frame);
    // Recovery announces failures itself, once for each channel, whichever frame told of them.
    if (this.#recovery !== undefined && frame.event === this.#names.platform('resume_failed')) return;
    this.user.handleFrame(frame);
    if (frame.channel !== undefined) {
      for (const channel of this.#channels.recipients(frame, frame.channel)) {
        channel.showWhole(frame);
        channel.handleFrame(frame);
      }
    }
    this.#history?.handleFrame(frame);
    this.#visibility?.handleFrame(frame);
    if (frame.event === this.#names.internal('subscription_succeeded')) this.#requests?.subscribed();
    if (!this.#names.isInternal(frame.event)) this.emit(frame.event, frame.data, metadataOf(frame));
  }

  /** False for what is still on its way from a channel that was left: it must leave no position behind. */
  #isExpected({ channel }: Frame): boolean {
    return channel === undefined || this.#channels.covers(channel) || this.user.ownsChannel(channel);
  }

  /** True once the server has acknowledged a subscription that brings this channel. */
  #isSubscribed(channel: string): boolean {
    if (this.#channels.get(channel)?.subscribed === true || this.user.ownsChannel(channel)) return true;
    return this.#channels.patternsFor(channel).some(({ subscribed }) => subscribed);
  }

  #resumeFailed(failure: ResumeFailure): void {
    const exact = this.#channels.get(failure.channel);
    const told = exact === undefined ? this.#channels.patternsFor(failure.channel) : [exact];
    for (const channel of told) channel.resumeFailed(failure);
    this.emit(this.#names.platform('resume_failed'), failure, { channel: failure.channel });
  }

  #createConnection(options: SockudoOptions, runtime: Runtime, logger: Logger): Connection {
    const { url, hasTransport, activityTimeoutMs, pongTimeoutMs, unavailableTimeoutMs } = this.#settings;
    const token = this.#token;
    const address = () => (token === undefined ? url : token.addTo(url));
    return new Connection(
      {
        names: this.#names,
        runtime,
        logger,
        WebSocket: () => (hasTransport ? (options.WebSocket ?? runtime.WebSocket) : undefined),
        fallback: this.#settings.eventStreamFallback ? new Fallback(eventSocketClass(runtime)) : undefined,
        url: () => (this.#restored === undefined ? address() : this.#restored.then(address)),
        activityTimeoutMs,
        pongTimeoutMs,
        unavailableTimeoutMs,
        ...(token !== undefined && { reviewEnd: (end, action) => token.reviewEnd(end, action) }),
      },
      {
        connected: () => this.#connected(),
        lost: () => this.#lost(),
        frame: (frame) => this.#receive(frame),
      },
    );
  }

  #createToken(runtime: Runtime, logger: Logger): CapabilityToken | undefined {
    const { token: source, tokenIsRenewable: isRenewable } = this.#settings;
    if (source === undefined) return undefined;
    const send = (event: string, data: unknown) => this.send_event(event, data);
    const socketId = () => this.connection.socket_id;
    return new CapabilityToken({ source, isRenewable, names: this.#names, runtime, logger, send, socketId });
  }

  #createRecovery(runtime: Runtime): Recovery {
    return new Recovery({
      isEnabled: this.#settings.connectionRecovery,
      names: this.#names,
      send: (event, data) => this.send_event(event, data),
      hasChannel: (name) => this.#channels.get(name) !== undefined,
      failed: (failure) => this.#resumeFailed(failure),
      deliver: (frame) => this.#deliver(frame),
      changed: () => this.#positions?.changed(),
      runtime,
    });
  }

  #createPositions(runtime: Runtime, logger: Logger): PositionStore | undefined {
    const { recoveryStorage: storage } = this.#settings;
    const positions = () => this.#recovery?.positions() ?? [];
    return storage && new PositionStore({ storage, runtime, logger, positions });
  }

  #createDeltas(logger: Logger): Deltas {
    return new Deltas({
      names: this.#names,
      isWanted: (channel) => this.#isSubscribed(channel),
      failed: (channel, error) => {
        logger.warn(`a message on ${channel} could not be rebuilt: ${messageOf(error)}`);
        this.send_event(this.#names.platform('delta_sync_error'), { channel });
        this.connection.emit('error', { type: 'MessageParseError', error });
      },
    });
  }

  #createHistory(runtime: Runtime): HistoryRequests {
    return new HistoryRequests({
      names: this.#names,
      runtime,
      send: (event, data) => this.send_event(event, data),
      isSubscribed: (channel) => this.#channels.get(channel)?.subscribed === true,
    });
  }

  #createRequests(runtime: Runtime): Requests {
    return new Requests({
      names: this.#names,
      runtime,
      send: (event, data) => this.send_event(event, data),
      isSubscribed: (channel) => this.#channels.get(channel)?.subscribed === true,
      isReadOnly: () => this.connection.transport === 'sse',
    });
  }

  async #ask(body: RequestBody): Promise<JsonObject> {
    if (this.#requests === undefined) throw new UnsupportedFeature('Publishing needs protocolVersion 2');
    if (body.channel.includes('*')) throw new UnsupportedFeature('Nothing can be published to a pattern');
    return this.#requests.ask(body);
  }

  async #readHistory(channel: string, params: HistoryParams): Promise<HistoryPage> {
    if (this.#history === undefined) throw new UnsupportedFeature('Histories need protocolVersion 2');
    if (channel.includes('*')) throw new UnsupportedFeature('A pattern has no history of its own');
    return this.#history.page(channel, params);
  }

  #createUser(runtime: Runtime, logger: Logger): User {
    return new User({
      names: this.#names,
      logger,
      runtime,
      isConnected: () => this.#isConnected(),
      send: (event, data) => this.send_event(event, data),
      authenticateUser: () => this.#settings.authenticateUser(this.connection.socket_id ?? ''),
      createChannel: (name) => new Channel(name, this.#channelHost(runtime, logger)),
    });
  }

  #channelHost(runtime: Runtime, logger: Logger): ChannelHost {
    return {
      names: this.#names,
      protocolVersion: this.#settings.protocolVersion,
      logger,
      runtime,
      send: (event, data, channel) => this.send_event(event, data, channel),
      authorize: (channel) => this.#settings.authorizeChannel(this.connection.socket_id ?? '', channel),
      signedInUser: () => this.user.signedInUser(),
      willResume: (channel) => this.#recovery?.willResume(channel) === true,
      rewindSent: (channel) => this.#recovery?.rewindSent(channel),
      readHistory: (channel, params) => this.#readHistory(channel, params),
      ask: (body) => this.#ask(body),
      askAboutMessages: this.#settings.askAboutMessages,
      askAboutPresence: this.#settings.askAboutPresence,
      socketId: () => this.connection.socket_id,
      drop: (channel) => this.#drop(channel),
    };
  }
}

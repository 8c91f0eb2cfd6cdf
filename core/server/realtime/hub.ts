// Who on this node is subscribed to what, and the way from one message to all of their outboxes. Synchronous and without
// storage: positions, presence and counts across nodes belong to the ports.
import { channelKind, userChannelId, userChannelName } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { AppCounters, Counters } from '../metrics/counters.ts';
import type { Envelope } from '../ports/fanout.ts';
import { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import {
  Delivery,
  deliverExcept,
  deliverTo,
  deliverToUser,
  matchingPatterns,
  subscriptionsTo,
} from './delivery.ts';
import type { FrameOptions } from './encode-message.ts';
import { MessageFrames } from './message-frames.ts';
import type { HotBuffers } from './recovery/hot-buffers.ts';
import type { Rollup } from './rollup/rollup.ts';
import { Subscription } from './subscription.ts';

/** Hears which channels this node listens to: as many calls of the one as of the other. See `Fanout`. */
export interface ChannelListener {
  join(appId: string, channel: string): Promise<void> | void;
  leave(appId: string, channel: string): void;
}

/** Everything of one app that lives in this process. */
export class AppHub {
  readonly app: App;
  readonly counters: AppCounters;
  readonly connections = new Map<string, Connection>();
  readonly channels = new Map<string, Channel>();
  /** Wildcard subscriptions, by pattern. */
  readonly patterns = new Map<string, Channel>();
  /** Connections by user id. */
  readonly users = new Map<string, Set<Connection>>();

  /** Connections with append_mode=full. */
  fullModeConnections = 0;
  readonly #onChannel: ChannelListener;

  constructor(app: App, counters: AppCounters, onChannel: ChannelListener) {
    this.app = app;
    this.counters = counters;
    this.#onChannel = onChannel;
  }

  /** A promise: what other nodes publish for the user is heard once it resolved. It never rejects. */
  setUserId(connection: Connection, userId: string): Promise<void> | void {
    this.#removeUser(connection);
    connection.userId = userId;
    const connections = this.users.get(userId);
    if (connections === undefined) this.users.set(userId, new Set([connection]));
    else connections.add(connection);
    // Asked for by every connection, so that each of them knows when it is so.
    return this.#onChannel.join(this.app.id, userChannelName(userId));
  }

  add(connection: Connection): void {
    this.connections.set(connection.socketId, connection);
    if (connection.frameClass !== connection.deliveryClass) this.fullModeConnections += 1;
  }

  remove(connection: Connection): void {
    if (!this.connections.delete(connection.socketId)) return;
    if (connection.frameClass !== connection.deliveryClass) this.fullModeConnections -= 1;
    this.#removeUser(connection);
  }

  #removeUser(connection: Connection): void {
    if (connection.userId === null) return;
    const connections = this.users.get(connection.userId);
    connections?.delete(connection);
    if (connections?.size === 0) this.users.delete(connection.userId);
    this.#onChannel.leave(this.app.id, userChannelName(connection.userId));
  }
}

export class Hub {
  readonly #apps = new Map<string, AppHub>();
  readonly #frameOptions: FrameOptions;
  readonly #hot: HotBuffers;
  readonly #onChannel: ChannelListener;
  /** Null: every append is sent by itself. */
  readonly rollup: Rollup | null;

  constructor(
    apps: readonly App[],
    counters: Counters,
    frameOptions: FrameOptions,
    hot: HotBuffers,
    onChannel: ChannelListener,
    rollup: Rollup | null = null,
  ) {
    this.rollup = rollup;
    for (const app of apps) this.#apps.set(app.id, new AppHub(app, counters.of(app.id), onChannel));
    this.#frameOptions = frameOptions;
    this.#hot = hot;
    this.#onChannel = onChannel;
  }

  app(id: string): AppHub {
    const hub = this.#apps.get(id);
    if (hub === undefined) throw new Error(`no app ${id} on this node`);
    return hub;
  }

  /** Connections of all apps on this node. */
  get connectionCount(): number {
    let count = 0;
    for (const hub of this.#apps.values()) count += hub.connections.size;
    return count;
  }

  add(connection: Connection): void {
    this.app(connection.app.id).add(connection);
    connection.counters.connected += 1;
    connection.counters.newConnections += 1;
  }

  /** For a connection that asked for this window, or for none. */
  rollupWindow(askedMs?: number): number {
    return this.rollup === null ? 0 : (askedMs ?? this.rollup.defaultWindowMs);
  }

  apps(): Iterable<AppHub> {
    return this.#apps.values();
  }

  /** The connection's subscription to the channel, made if there is none. */
  subscribe(connection: Connection, name: string): Subscription {
    const existing = connection.subscriptions.get(name);
    if (existing !== undefined) return existing;
    const hub = this.app(connection.app.id);
    const kind = channelKind(name);
    const channels = kind.kind === 'wildcard' ? hub.patterns : hub.channels;
    let channel = channels.get(name);
    if (channel === undefined) {
      channel = new Channel(name, kind, this.rollup);
      channels.set(name, channel);
      channel.listen(this.#onChannel.join(hub.app.id, name));
    }
    const subscription = new Subscription(connection, channel, this.#hot.order);
    this.rollup?.joins(subscription);
    channel.subscriptions.add(subscription);
    connection.subscriptions.set(name, subscription);
    return subscription;
  }

  unsubscribe(subscription: Subscription): void {
    const { channel, connection } = subscription;
    const hub = this.app(connection.app.id);
    this.rollup?.leaves(subscription);
    connection.subscriptions.delete(channel.name);
    connection.deltas?.unsubscribed(channel.name);
    channel.subscriptions.delete(subscription);
    if (channel.subscriptions.size > 0) return;
    (channel.kind.kind === 'wildcard' ? hub.patterns : hub.channels).delete(channel.name);
    this.#onChannel.leave(hub.app.id, channel.name);
  }

  /** Queues the message on every subscriber of this node. Never throws; answers the number of recipients. */
  deliver({ key, message, exceptSocketId }: Envelope): number {
    const hub = this.#apps.get(key.appId);
    if (hub === undefined) return 0;
    const frames = new MessageFrames(message, this.#frameOptions);
    this.#hot.append(hub.app, frames, exceptSocketId);
    const delivery = new Delivery(frames, exceptSocketId, hub.counters);
    const userId = userChannelId(key.channel);
    if (userId !== null) deliverToUser(hub, userId, key.channel, delivery);
    const exact = hub.channels.get(key.channel);
    const patterns = matchingPatterns(hub, key.channel);
    if (this.rollup === null) deliverTo(exact, patterns, key.channel, delivery);
    else {
      const listeners = exact === undefined ? patterns : [exact, ...patterns];
      const waiting = this.rollup.pass(hub, frames, exceptSocketId, listeners);
      if (waiting === null) deliverTo(exact, patterns, key.channel, delivery);
      else deliverExcept(waiting, listeners, delivery);
    }
    frames.delivered();
    return delivery.recipients;
  }

  /**
   * Delivers a message that was held back for this connection, as live delivery would have.
   * `except`: a subscription that must not let it through.
   */
  redeliver(connection: Connection, frames: MessageFrames, except?: Subscription): boolean {
    const delivery = new Delivery(frames, undefined, connection.counters);
    const hub = this.app(connection.app.id);
    const subscriptions = subscriptionsTo(hub, connection, frames.message.channel);
    const isTaken = subscriptions.some((one) => one !== except && delivery.offer(one));
    frames.delivered();
    return isTaken;
  }
}

/**
 * The list of subscriptions: makes the right class for a name, and says who receives a frame.
 * Must not know: what a subscription does, sockets.
 */
import { channelKind, matchesPattern } from '@sockudo/protocol';
import { Channel } from './channel.ts';
import type { ChannelHost } from './channel-host.ts';
import { EncryptedChannel } from './encrypted-channel.ts';
import { BadChannelName } from './errors.ts';
import { type Frame, isPublished } from './frame.ts';
import { PresenceChannel } from './presence-channel.ts';
import { MetaChannel, PrivateChannel } from './private-channel.ts';

export class ChannelRegistry {
  readonly #host: ChannelHost;
  readonly #channels = new Map<string, Channel>();
  readonly #patterns = new Map<string, Channel>();

  constructor(host: ChannelHost) {
    this.#host = host;
  }

  /** The channel of this name, made if need be. @throws BadChannelName for names that begin with `#` */
  add(name: string): Channel {
    const existing = this.#channels.get(name);
    if (existing !== undefined) return existing;
    const channel = createChannel(name, this.#host);
    this.#channels.set(name, channel);
    if (channelKind(name).kind === 'wildcard') this.#patterns.set(name, channel);
    return channel;
  }

  get(name: string): Channel | undefined {
    return this.#channels.get(name);
  }

  all(): Channel[] {
    return [...this.#channels.values()];
  }

  delete(name: string): void {
    this.#channels.delete(name);
    this.#patterns.delete(name);
  }

  /** Who receives a frame that names a channel: the channel itself, and patterns that match it (divergence D87). */
  recipients(frame: Frame, channel: string): Channel[] {
    const exact = this.#channels.get(channel);
    const recipients = exact === undefined ? [] : [exact];
    if (this.#patterns.size === 0 || !isPublished(frame.event, this.#host.names)) return recipients;
    // Patterns bring public channels only, others just by a capability token. A protected channel subscribed by name came by
    // that name; one that is not can only have come by a pattern.
    if (exact !== undefined && channelKind(channel).kind !== 'public') return recipients;
    return [...recipients, ...this.patternsFor(channel)];
  }

  /** True when some subscription, by name or by pattern, brings this channel. */
  covers(channel: string): boolean {
    return this.#channels.has(channel) || this.patternsFor(channel).length > 0;
  }

  /** The pattern subscriptions that match a channel. */
  patternsFor(channel: string): Channel[] {
    return [...this.#patterns.values()].filter((pattern) => matchesPattern(pattern.name, channel));
  }
}

function createChannel(name: string, host: ChannelHost): Channel {
  const kind = channelKind(name);
  if (name.startsWith('#')) throw new BadChannelName(`Cannot create a channel with name "${name}"`);
  if (kind.isPresence) return new PresenceChannel(name, host);
  switch (kind.kind) {
    case 'encrypted':
      return new EncryptedChannel(name, host);
    case 'private':
      return new PrivateChannel(name, host);
    case 'meta':
      return new MetaChannel(name, host);
    default:
      return new Channel(name, host);
  }
}

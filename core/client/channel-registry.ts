/**
 * The list of subscriptions: makes the right class for a name, and says who receives a frame.
 * Must not know: what a subscription does, sockets.
 */
import { channelKind, matchesPattern } from '@sockudo/protocol';
import { Channel, type ChannelHost } from './channel.ts';
import { EncryptedChannel } from './encrypted-channel.ts';
import { BadChannelName } from './errors.ts';
import type { EventNames } from './event-names.ts';
import type { Frame } from './frame.ts';
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
    if (this.#patterns.size === 0 || !isForPatterns(frame.event, this.#host.names)) return recipients;
    // Patterns bring public channels only, others just by a capability token. A protected channel subscribed by name came by
    // that name; one that is not can only have come by a pattern.
    if (exact !== undefined && channelKind(channel).kind !== 'public') return recipients;
    for (const [pattern, subscription] of this.#patterns) {
      if (matchesPattern(pattern, channel)) recipients.push(subscription);
    }
    return recipients;
  }
}

/** Published messages and what happens to them; not the talk about one subscription (acknowledgement, members, cache). */
const isForPatterns = (event: string, names: EventNames): boolean =>
  !names.isProtocol(event) ||
  event.startsWith(names.platform('message.')) ||
  event === names.internal('message') ||
  event === names.internal('annotation');

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

/**
 * Channels that the application's backend must authorise: private ones, and the meta channels of such bases.
 */
import { channelKind, metaBase } from '@sockudo/protocol';
import { Channel } from './channel.ts';
import type { Undeclared } from './emitter.ts';
import type { ChannelAuthorizationData } from './options.ts';

export class PrivateChannel<Events extends object = Undeclared> extends Channel<Events> {
  protected override authorization(): Promise<ChannelAuthorizationData> {
    return this.host.authorize(this);
  }
}

/**
 * `[meta]NAME`: occupancy of another channel. For a private or presence base the signature is the base's own (divergence D14);
 * Sockudo itself asks for none and ignores it.
 */
export class MetaChannel<Events extends object = Undeclared> extends Channel<Events> {
  protected override authorization(): ChannelAuthorizationData | Promise<ChannelAuthorizationData> {
    const base = metaBase(this.name);
    return base !== null && channelKind(base).needsAuth
      ? this.host.authorize({ name: base })
      : super.authorization();
  }
}

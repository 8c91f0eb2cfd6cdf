// The subscribers that one channel, or one wildcard pattern, has on this node.
import type { ChannelKind } from '@sockudo/protocol';
import type { Subscription } from './subscription.ts';

export class Channel {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly subscriptions = new Set<Subscription>();

  constructor(name: string, kind: ChannelKind) {
    this.name = name;
    this.kind = kind;
  }
}

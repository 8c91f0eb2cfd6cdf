// The subscribers that one channel, or one wildcard pattern, has on this node.
import type { ChannelKind } from '@sockudo/protocol';
import type { Rollup } from './rollup/rollup.ts';
import type { Subscription } from './subscription.ts';

export class Channel {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly subscriptions = new Set<Subscription>();
  /** Resolves when messages of other nodes reach this one, and never rejects; null: they do. */
  ready: Promise<void> | null = null;
  /** How many subscriptions have appends held back for how many milliseconds; null: none ever had (rollup). */
  windows: Map<number, number> | null = null;
  /** Null: the server rolls nothing up. */
  readonly rollup: Rollup | null;

  constructor(name: string, kind: ChannelKind, rollup: Rollup | null = null) {
    this.rollup = rollup;
    this.name = name;
    this.kind = kind;
  }

  /** @param joined what the fan-out answered */
  listen(joined: Promise<void> | void): void {
    if (joined === undefined) return;
    this.ready = joined.then(() => {
      this.ready = null;
    });
  }
}

// One connection's place in one channel. While it is attaching or recovering, live messages stop at its gate so that nothing
// is lost or doubled between the position that the client is told and the first live frame.
import type { Filter } from '@sockudo/protocol';
import type { Position } from '../ports/channel-log.ts';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import type { SubscriptionDelta } from './delta/connection-deltas.ts';
import type { Gate } from './gates.ts';

export class Subscription {
  readonly connection: Connection;
  readonly channel: Channel;
  filter: Filter | null = null;
  /** It asked for raw annotations and may have them (`modes`). */
  hearsAnnotations = false;
  /** Words of plug-ins for what it asked to be told (Message, `onlyFor`); null: nothing. */
  interests: ReadonlySet<string> | null = null;
  /** Null: every message goes out whole. */
  delta: SubscriptionDelta | null = null;
  /** Id under which this connection joined a presence channel; kept here because sign-in may change the connection's (D24). */
  memberId: string | null = null;
  /** Presence updates sent in the second that ends at `updateWindowEndsMs`. */
  updatesInWindow = 0;
  updateWindowEndsMs = 0;
  /** It stands in the channel's subscription count. */
  isCounted = false;
  /** Position of its first acknowledgement: everything above it comes live, everything up to it has to be asked for. */
  attachedAt: Position | null = null;
  /** Of the messages that this node delivers, those after this number come through here (HotBuffers, `order`). */
  readonly since: number;
  /** Of the appends that are rolled up, those from this number on may wait for others (Rollup, `order`). */
  liveSince: number;
  #gate: Gate | null = null;

  constructor(connection: Connection, channel: Channel, since: number) {
    this.connection = connection;
    this.channel = channel;
    this.since = since;
    this.liveSince = channel.rollup?.order ?? 0;
  }

  /** Null: live. */
  get gate(): Gate | null {
    return this.#gate;
  }

  set gate(gate: Gate | null) {
    const { rollup } = this.channel;
    if (rollup !== null && this.#gate === null && gate !== null) rollup.gateCloses(this);
    if (rollup !== null && this.#gate !== null && gate === null) this.liveSince = rollup.order;
    this.#gate = gate;
  }

  /** `attachedAt` as a place in the channel: a pattern's is none. */
  positionIn(channel: string): Position | null {
    return this.channel.name === channel ? this.attachedAt : null;
  }
}

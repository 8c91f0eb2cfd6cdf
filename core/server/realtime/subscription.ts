// One connection's place in one channel. While it is attaching, live messages wait in its gate so that nothing is lost or
// doubled between the position that the acknowledgement names and the first live frame.
import { type Filter, OUTBOX_MAX_MESSAGES } from '@sockudo/protocol';
import type { Message } from '../ports/message.ts';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';

export class Subscription {
  readonly connection: Connection;
  readonly channel: Channel;
  filter: Filter | null = null;
  /** Id under which this connection joined a presence channel; kept here because sign-in may change the connection's (D24). */
  memberId: string | null = null;
  /** Presence updates sent in the second that ends at `updateWindowEndsMs`. */
  updatesInWindow = 0;
  updateWindowEndsMs = 0;
  /** It stands in the channel's subscription count. */
  isCounted = false;
  /** Messages that arrived while attaching; null: live. */
  gate: Message[] | null = null;

  constructor(connection: Connection, channel: Channel) {
    this.connection = connection;
    this.channel = channel;
  }

  /** Keeps a live message until the gate opens; a connection that would have to keep too many is closed. */
  hold(message: Message): void {
    if (this.gate === null) return;
    if (this.gate.length < OUTBOX_MAX_MESSAGES) this.gate.push(message);
    else this.connection.close(4100, 'Outbound buffer full', true);
  }
}

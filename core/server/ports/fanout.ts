// Carries committed messages to every node that has subscribers of the channel, this one included. The log is the order
// and the bus only a hint: a receiver that sees a hole in the serials reads it from the log.
import type { ChannelKey, Position } from './channel-log.ts';
import type { Message } from './message.ts';

export interface Envelope {
  readonly key: ChannelKey;
  readonly message: Message;
  /** The connection that must not hear this message. */
  readonly exceptSocketId?: string;
}

/** What one node asks of all others; see `control`. */
export type ControlSignal =
  | {
      readonly kind: 'close-user';
      readonly appId: string;
      readonly userId: string;
      readonly code: 4009 | 4200;
    }
  /** Entries of a channel were purged, or the channel was reset; its log is now at `head`. */
  | {
      readonly kind: 'channel-cut';
      readonly appId: string;
      readonly channel: string;
      readonly head: Position;
    };

/** What one node wants to know of the others, or wants done there with an answer; see `ask`. */
export type NodeQuestion =
  /** Who is behind this socket? Answer: what cluster/questions.ts says of a connection, or null. */
  | { readonly kind: 'connection'; readonly appId: string; readonly socketId: string }
  /** Closes what lives by one of these tokens. Answer: the number of connections. */
  | {
      readonly kind: 'close-revoked';
      readonly appId: string;
      readonly jti?: string;
      readonly clientId?: string;
    };

export interface FanoutListener {
  onEnvelope(envelope: Envelope): void;
  onControl(signal: ControlSignal): void;
  /** The answer of this node, as JSON can say it; null: none. Absent: this node has nothing to say. */
  onQuestion?(question: NodeQuestion): unknown;
  /** Whether somebody of this node wants the whole text where the message is an append. Absent: nobody does. */
  wantsFullForm?(key: ChannelKey): boolean;
}

export interface Fanout {
  /** Exactly one listener; called once before anything is published. */
  listen(listener: FanoutListener): void;
  /**
   * This node wants the messages of a channel, or of a wildcard pattern. As many calls as of `leave`. A promise: every message
   * published after it resolved reaches this node. It never rejects. Nothing: that is so already.
   */
  join(key: ChannelKey): Promise<void> | void;
  leave(key: ChannelKey): void;
  /** Reaches the own node synchronously, in call order; other nodes as the driver can. Never throws. */
  publish(envelope: Envelope): void;
  /** Reaches every node, the own one included. */
  control(signal: ControlSignal): void;
  /**
   * Asks every other node. Resolves with the answers that are not null when all have answered, when one of them is `enough`, or
   * after a second with those that came. Never rejects.
   */
  ask(question: NodeQuestion, enough?: (answer: unknown) => boolean): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

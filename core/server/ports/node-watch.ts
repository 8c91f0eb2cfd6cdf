// What a cluster does with the belongings of a node that died: one of the others clears them away and says what that changed.

export interface NodeWatchListener {
  /**
   * The last connection of a member is gone with its node, or left while that could not be said (`deadNodeId` null). Heard by one
   * node, once.
   */
  onMemberGone(appId: string, channel: string, userId: string, deadNodeId: string | null): void;
  /** A node that was given up came back and brought its members again. Heard by that node. */
  onMemberBack(appId: string, channel: string, userId: string, info: string): void;
  /** Subscriptions of a channel are gone with a node; `count` are left. Heard by one node, once. */
  onCountDropped(appId: string, channel: string, count: number): void;
}

export interface NodeWatch {
  /** Exactly one listener; called once. */
  listen(listener: NodeWatchListener): void;
  /** How many other nodes there are, those among them that died a moment ago. */
  countPeers(): Promise<number>;
  /** Resolves where the others hear of this node; rejects where they do not. */
  check(): Promise<void>;
  close(): Promise<void>;
}

// Who is in a presence channel, across all nodes. A user with several connections is one member.

export interface Member {
  readonly userId: string;
  /** JSON text of `user_info`. */
  readonly info: string;
}

export interface JoinRequest {
  readonly appId: string;
  readonly channel: string;
  readonly socketId: string;
  readonly member: Member;
  /** Most distinct users; absent: no limit. A further connection of a present member is never refused (divergence D23). */
  readonly maxMembers?: number;
}

export type JoinResult =
  | { readonly kind: 'joined'; readonly isFirst: boolean; readonly members: readonly Member[] }
  | { readonly kind: 'full' };

export interface Presence {
  /** Joining again with the same socket replaces its info and is never `isFirst`. */
  join(request: JoinRequest): Promise<JoinResult>;
  /** `isLast`: the user has no further connection in the channel. Unknown sockets answer null. */
  leave(
    appId: string,
    channel: string,
    socketId: string,
  ): Promise<{ userId: string; isLast: boolean } | null>;
  /** Replaces the info of a member on all of its connections. False: not a member. */
  update(appId: string, channel: string, member: Member): Promise<boolean>;
  members(appId: string, channel: string): Promise<readonly Member[]>;
  close(): Promise<void>;
}

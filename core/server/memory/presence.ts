// The Presence port for one process. Bounded by its callers: one record per connection that joined and has not left.
import type { JoinRequest, JoinResult, Member, Presence } from '../ports/presence.ts';

interface Roster {
  /** The user each socket joined as; kept until it leaves, whatever the connection calls itself later (divergence D24). */
  readonly userIds: Map<string, string>;
  /** In order of first arrival. `info` is the one last given by any connection of the user. */
  readonly members: Map<string, { info: string; connections: number }>;
}

/** A socket that joins again under another user id stays who it was. */
export function createMemoryPresence(): Presence {
  const rosters = new Map<string, Map<string, Roster>>();

  function rosterOf(appId: string, channel: string): Roster | undefined {
    return rosters.get(appId)?.get(channel);
  }

  function openRoster(appId: string, channel: string): Roster {
    const channels = rosters.get(appId) ?? new Map<string, Roster>();
    const roster = channels.get(channel) ?? { userIds: new Map(), members: new Map() };
    channels.set(channel, roster);
    rosters.set(appId, channels);
    return roster;
  }

  function closeRoster(appId: string, channel: string): void {
    const channels = rosters.get(appId);
    channels?.delete(channel);
    if (channels?.size === 0) rosters.delete(appId);
  }

  return {
    async join(request): Promise<JoinResult> {
      const existing = rosterOf(request.appId, request.channel);
      if (isFull(existing, request)) return { kind: 'full' };
      const roster = existing ?? openRoster(request.appId, request.channel);
      return { kind: 'joined', isFirst: enter(roster, request), members: membersOf(roster) };
    },
    async leave(appId, channel, socketId): Promise<{ userId: string; isLast: boolean } | null> {
      const roster = rosterOf(appId, channel);
      const userId = roster?.userIds.get(socketId);
      const member = userId === undefined ? undefined : roster?.members.get(userId);
      if (roster === undefined || userId === undefined || member === undefined) return null;
      roster.userIds.delete(socketId);
      member.connections -= 1;
      const isLast = member.connections === 0;
      if (isLast) roster.members.delete(userId);
      if (roster.userIds.size === 0) closeRoster(appId, channel);
      return { userId, isLast };
    },
    async update(appId, channel, { userId, info }): Promise<boolean> {
      const member = rosterOf(appId, channel)?.members.get(userId);
      if (member === undefined) return false;
      member.info = info;
      return true;
    },
    async members(appId, channel): Promise<readonly Member[]> {
      return membersOf(rosterOf(appId, channel));
    },
    async close(): Promise<void> {
      rosters.clear();
    },
  };
}

function isFull(roster: Roster | undefined, { socketId, member, maxMembers }: JoinRequest): boolean {
  if (maxMembers === undefined) return false;
  if (roster === undefined) return maxMembers < 1;
  if (roster.userIds.has(socketId) || roster.members.has(member.userId)) return false;
  return roster.members.size >= maxMembers;
}

/** Answers whether the user was not present before. */
function enter({ userIds, members }: Roster, { socketId, member: { userId, info } }: JoinRequest): boolean {
  const knownAs = userIds.get(socketId);
  const present = members.get(userId);
  if (knownAs !== undefined) {
    if (knownAs === userId && present !== undefined) present.info = info;
    return false;
  }
  userIds.set(socketId, userId);
  if (present === undefined) {
    members.set(userId, { info, connections: 1 });
    return true;
  }
  present.info = info;
  present.connections += 1;
  return false;
}

function membersOf(roster: Roster | undefined): Member[] {
  const listed: Member[] = [];
  for (const [userId, { info }] of roster?.members ?? []) listed.push({ userId, info });
  return listed;
}

// The Presence port on Redis. Redis holds who is where in the cluster; this node remembers its own sockets, so that it can say
// again what Redis forgot or never heard. Keys of a channel share a slot; a node's list of channels names at least those it is in.
import {
  type JoinRequest,
  type JoinResult,
  type Member,
  type Presence,
  StoreUnavailable,
} from '@sockudo/server/ports';
import type { Redis } from 'ioredis';
import { channelName } from './channel-name.ts';
import type { NodeIdentity } from './node-identity.ts';
import { Script } from './script.ts';

const JOIN = new Script('presence-join');
const LEAVE = new Script('presence-leave');
const UPDATE = new Script('presence-update');
const MEMBERS = new Script('presence-members');
const REPLACE = new Script('presence-replace');

export const PRESENCE_SCRIPTS: readonly Script[] = [JOIN, LEAVE, UPDATE, MEMBERS, REPLACE];

/** What this node holds of one channel. */
interface LocalRoster {
  /** The user each socket joined as. */
  readonly users: Map<string, string>;
  readonly infos: Map<string, string>;
}

/** What a comparison with Redis changed: users without a connection, users that had none before. */
export interface RosterChange {
  readonly gone: readonly string[];
  readonly added: readonly Member[];
}

export class RedisPresence implements Presence {
  readonly #client: Redis;
  readonly #prefix: string;
  readonly #node: NodeIdentity;
  readonly #rosters = new Map<string, LocalRoster>();
  /** Joins that Redis has not answered, by channel. */
  readonly #joining = new Map<string, number>();
  /** Channels of which Redis may know something else than this node. */
  readonly #doubtful = new Set<string>();

  constructor(client: Redis, prefix: string, node: NodeIdentity) {
    this.#client = client;
    this.#prefix = `${prefix}presence:`;
    this.#node = node;
  }

  async join({ appId, channel, socketId, member, maxMembers }: JoinRequest): Promise<JoinResult> {
    const name = channelName(appId, channel);
    const args = [socketId, member.userId, member.info, maxMembers ?? ''];
    this.#joining.set(name, (this.#joining.get(name) ?? 0) + 1);
    let verdict: number, users: string[], infos: string[];
    try {
      const answer = await this.#attempt(name, async () => {
        const listed = this.#client.sadd(this.#node.membersKey(), name);
        return (await Promise.all([listed, JOIN.run(this.#client, this.#keys(name), () => args)]))[1];
      });
      // CAST: lua/presence-join.lua.
      [verdict, users, infos] = answer as [number, string[], string[]];
      if (verdict !== -1) this.#remember(name, socketId, member);
    } finally {
      const left = (this.#joining.get(name) ?? 1) - 1;
      if (left > 0) this.#joining.set(name, left);
      else this.#joining.delete(name);
    }
    if (verdict === -1) return { kind: 'full' };
    return { kind: 'joined', isFirst: verdict === 1, members: membersOf(users, infos) };
  }

  async leave(
    appId: string,
    channel: string,
    socketId: string,
  ): Promise<{ userId: string; isLast: boolean } | null> {
    const name = channelName(appId, channel);
    this.#forget(name, socketId);
    const answer = await this.#attempt(name, () =>
      LEAVE.run(this.#client, this.#keys(name), () => [socketId]),
    );
    if (!this.#rosters.has(name) && !this.#joining.has(name)) await this.#unlist(name);
    if (answer === null) return null;
    // CAST: lua/presence-leave.lua.
    const [userId, isLast] = answer as [string, number];
    return { userId, isLast: isLast === 1 };
  }

  async update(appId: string, channel: string, { userId, info }: Member): Promise<boolean> {
    const name = channelName(appId, channel);
    const infos = this.#rosters.get(name)?.infos;
    if (infos?.has(userId) === true) infos.set(userId, info);
    const [infosKey, connectionsKey] = this.#keys(name);
    const answer = await this.#attempt(name, () =>
      UPDATE.run(this.#client, [infosKey, connectionsKey], () => [userId, info]),
    );
    return answer === 1;
  }

  async members(appId: string, channel: string): Promise<readonly Member[]> {
    const [infosKey, , orderKey] = this.#keys(channelName(appId, channel));
    const answer = await this.#attempt(null, () => MEMBERS.run(this.#client, [infosKey, orderKey], () => []));
    // CAST: lua/presence-members.lua.
    const [users, infos] = answer as [string[], string[]];
    return membersOf(users, infos);
  }

  /** Names of channels to be told again: all that this node is in, or those in doubt. */
  ownChannels(which: 'all' | 'doubtful'): readonly string[] {
    return which === 'all' ? [...new Set([...this.#rosters.keys(), ...this.#doubtful])] : [...this.#doubtful];
  }

  /** Tells Redis what this node holds of a channel. */
  async restore(name: string): Promise<RosterChange> {
    const roster = this.#rosters.get(name);
    const args = [...(roster?.users ?? [])].flatMap(([socketId, userId]) => [
      socketId,
      userId,
      roster?.infos.get(userId) ?? 'null',
    ]);
    this.#doubtful.delete(name);
    const answer = await this.#attempt(name, async () => {
      if (args.length > 0) await this.#client.sadd(this.#node.membersKey(), name);
      return REPLACE.run(this.#client, this.#keys(name), () => args);
    });
    if (args.length === 0) await this.#unlist(name);
    // CAST: lua/presence-replace.lua.
    const [gone, added] = answer as [string[], string[]];
    return { gone, added: added.map((userId) => ({ userId, info: roster?.infos.get(userId) ?? 'null' })) };
  }

  /** Takes a dead node out of one channel; answers the users that went with it. */
  async evict(name: string, nodeId: string): Promise<readonly string[]> {
    const answer = await this.#attempt(null, () =>
      REPLACE.run(this.#client, this.#keys(name, nodeId), () => []),
    );
    // CAST: lua/presence-replace.lua.
    return (answer as [string[], string[]])[0];
  }

  async close(): Promise<void> {
    this.#rosters.clear();
    this.#doubtful.clear();
  }

  #keys(name: string, nodeId = this.#node.id): [string, string, string, string] {
    const base = `${this.#prefix}{${name}}`;
    return [`${base}:infos`, `${base}:connections`, `${base}:order`, `${base}:sockets:${nodeId}`];
  }

  #remember(name: string, socketId: string, { userId, info }: Member): void {
    const roster = this.#rosters.get(name) ?? { users: new Map(), infos: new Map() };
    this.#rosters.set(name, roster);
    const known = roster.users.get(socketId);
    if (known !== undefined && known !== userId) return;
    roster.users.set(socketId, userId);
    roster.infos.set(userId, info);
  }

  #forget(name: string, socketId: string): void {
    const roster = this.#rosters.get(name);
    const userId = roster?.users.get(socketId);
    if (roster === undefined || userId === undefined) return;
    roster.users.delete(socketId);
    if (![...roster.users.values()].includes(userId)) roster.infos.delete(userId);
    if (roster.users.size === 0) this.#rosters.delete(name);
  }

  /** The list may name too many channels, never too few: somebody may have joined in the meantime. */
  async #unlist(name: string): Promise<void> {
    const key = this.#node.membersKey();
    try {
      await this.#client.srem(key, name);
      if (this.#rosters.has(name) || this.#joining.has(name)) await this.#client.sadd(key, name);
    } catch {
      // One name too many: clearing it away later finds nothing.
    }
  }

  /** @param name the channel that is in doubt where this fails; null: nothing was to be changed */
  async #attempt<T>(name: string | null, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (name !== null) this.#doubtful.add(name);
      throw new StoreUnavailable('presence in Redis does not answer', { cause: error });
    }
  }
}

function membersOf(users: readonly string[], infos: readonly (string | null)[]): Member[] {
  return users.map((userId, index) => ({ userId, info: infos[index] ?? 'null' }));
}

// The Occupancy port on Redis. Each node knows its own counts and writes them as they are, never as differences: saying the same
// twice does no harm. Redis adds them up for a channel; for lists, each node keeps its counts in a hash of its own.
import { type Occupancy, StoreUnavailable } from '@sockudo/server/ports';
import type { Redis } from 'ioredis';
import { escapeGlob } from './bus.ts';
import { channelName, parseChannelName } from './channel-name.ts';
import type { NodeIdentity } from './node-identity.ts';
import { Script } from './script.ts';

const SET = new Script('occupancy-set');

export const OCCUPANCY_SCRIPTS: readonly Script[] = [SET];

/** Fields of one step of a list. */
const SCAN_FIELDS = 1000;

/** What this node knows of one channel: its own count, and what the others had when it last heard. */
interface LocalCount {
  own: number;
  others: number;
}

export class RedisOccupancy implements Occupancy {
  readonly #client: Redis;
  readonly #prefix: string;
  readonly #node: NodeIdentity;
  readonly #onError: (error: unknown) => void;
  readonly #counts = new Map<string, LocalCount>();
  readonly #doubtful = new Set<string>();

  constructor(client: Redis, prefix: string, node: NodeIdentity, onError: (error: unknown) => void) {
    this.#client = client;
    this.#prefix = `${prefix}occupancy:`;
    this.#node = node;
    this.#onError = onError;
  }

  /** While Redis is away, the answer is what this node can know. */
  async change(appId: string, channel: string, by: 1 | -1): Promise<number> {
    const name = channelName(appId, channel);
    const local = this.#counts.get(name) ?? { own: 0, others: 0 };
    local.own = Math.max(0, local.own + by);
    if (local.own === 0) this.#counts.delete(name);
    else this.#counts.set(name, local);
    try {
      const [total] = await this.#write(name, () => local.own, this.#node.id);
      local.others = Math.max(0, total - local.own);
      return total;
    } catch (error) {
      this.#doubtful.add(name);
      this.#onError(error);
      return local.own + local.others;
    }
  }

  async count(appId: string, channel: string): Promise<number> {
    const key = this.#key(channelName(appId, channel));
    const counts = await this.#attempt(() => this.#client.hvals(key));
    return counts.reduce((sum, count) => sum + Number(count), 0);
  }

  async list(appId: string, prefix: string): Promise<ReadonlyMap<string, number>> {
    const [aliveKey] = this.#node.registryKeys;
    const match = `${escapeGlob(channelName(appId, prefix))}*`;
    return this.#attempt(async () => {
      const nodes = new Set([this.#node.id, ...(await this.#client.zrange(aliveKey, '0', '-1'))]);
      const found = new Map<string, number>();
      for (const nodeId of nodes) {
        for (const [channel, count] of await this.#countsOf(nodeId, match)) {
          found.set(channel, (found.get(channel) ?? 0) + count);
        }
      }
      return found;
    });
  }

  ownChannels(which: 'all' | 'doubtful'): readonly string[] {
    return which === 'all' ? [...new Set([...this.#counts.keys(), ...this.#doubtful])] : [...this.#doubtful];
  }

  /** Tells Redis what this node has of a channel. */
  async restore(name: string): Promise<void> {
    this.#doubtful.delete(name);
    try {
      await this.#write(name, () => this.#counts.get(name)?.own ?? 0, this.#node.id);
    } catch (error) {
      this.#doubtful.add(name);
      throw error;
    }
  }

  /** Takes a dead node out of one channel; what is left, or null where it had nothing there. */
  async evict(name: string, nodeId: string): Promise<number | null> {
    const [total, hasChanged] = await this.#write(name, () => 0, nodeId);
    return hasChanged ? total : null;
  }

  async close(): Promise<void> {
    this.#counts.clear();
    this.#doubtful.clear();
  }

  #key(name: string): string {
    return `${this.#prefix}{${name}}`;
  }

  /** The node's own hash names a channel before the channel names the node, and longer. */
  async #write(
    name: string,
    own: () => number,
    nodeId: string,
  ): Promise<readonly [total: number, hasChanged: boolean]> {
    const key = this.#node.countsKey(nodeId);
    const set = (): Promise<unknown> => SET.run(this.#client, [this.#key(name)], () => [nodeId, own()]);
    return this.#attempt(async () => {
      const answer =
        own() > 0
          ? (await Promise.all([this.#client.hset(key, name, own()), set()]))[1]
          : (await Promise.all([set(), this.#client.hdel(key, name)]))[0];
      // CAST: lua/occupancy-set.lua.
      const [total, hasChanged] = answer as [number, number];
      return [total, hasChanged === 1] as const;
    });
  }

  async #countsOf(nodeId: string, match: string): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    let cursor = '0';
    do {
      const [next, fields] = await this.#client.hscan(
        this.#node.countsKey(nodeId),
        cursor,
        'MATCH',
        match,
        'COUNT',
        SCAN_FIELDS,
      );
      for (let index = 0; index + 1 < fields.length; index += 2) {
        const { channel } = parseChannelName(fields[index] ?? '');
        counts.set(channel, Number(fields[index + 1]));
      }
      cursor = next;
    } while (cursor !== '0');
    return counts;
  }

  async #attempt<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      throw new StoreUnavailable('counts in Redis do not answer', { cause: error });
    }
  }
}

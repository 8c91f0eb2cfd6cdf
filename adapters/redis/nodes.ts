// The nodes of the cluster: this one says that it lives, and with the others watches who does not. What a dead node left behind is
// taken away by the living node with the smallest id; were it two at once, each thing still goes once. Silence is measured by the
// clock of Redis, so it takes the time-out and one sweep at most until a death is noticed.
import type { NodeWatch, NodeWatchListener } from '@sockudo/server/ports';
import type { Redis } from 'ioredis';
import { parseChannelName } from './channel-name.ts';
import type { Logger } from './logger.ts';
import type { NodeIdentity } from './node-identity.ts';
import { OCCUPANCY_SCRIPTS, type RedisOccupancy } from './occupancy.ts';
import { PRESENCE_SCRIPTS, type RedisPresence } from './presence.ts';
import { Script } from './script.ts';

export interface NodeTimings {
  readonly heartbeatMs: number;
  /** Silence after which a node is dead. */
  readonly timeoutMs: number;
  readonly sweepMs: number;
}

export interface NodesOptions {
  readonly client: Redis;
  readonly node: NodeIdentity;
  readonly presence: RedisPresence;
  readonly occupancy: RedisOccupancy;
  readonly timings: NodeTimings;
  readonly logger: Logger;
}

const HEARTBEAT = new Script('node-heartbeat');
const GIVE_UP = new Script('node-give-up');

/** How long a dead node's id is refused. */
const TOMBSTONE_MS = 3_600_000;
/** Channels restored or cleared at the same time. */
const CHANNELS_AT_ONCE = 32;
const SCAN_NAMES = 500;

export class RedisNodes implements NodeWatch {
  readonly #options: NodesOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  #listener: NodeWatchListener | null = null;
  /** Of the Redis process that was last told everything. */
  #runId = '';
  /** Work of one kind after the other: what is half done is never begun again. */
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;
  #lastFailure: unknown = null;

  constructor(options: NodesOptions) {
    this.#options = options;
  }

  /** Rejects where Redis does not know of the node afterwards. */
  async start(): Promise<void> {
    const { client, timings } = this.#options;
    await this.#loadScripts();
    this.#runId = await this.#readRunId();
    await this.#heartbeat();
    client.on('ready', this.#onReady);
    this.#timers.push(
      setInterval(() => this.#later(() => this.#beat()), timings.heartbeatMs),
      setInterval(() => this.#later(() => this.#sweep()), timings.sweepMs),
    );
    for (const timer of this.#timers) timer.unref();
  }

  listen(listener: NodeWatchListener): void {
    this.#listener = listener;
  }

  async countPeers(): Promise<number> {
    const { client, node } = this.#options;
    return Math.max(0, (await client.zcard(node.registryKeys[0])) - 1);
  }

  async check(): Promise<void> {
    await this.#options.client.ping();
    if (this.#lastFailure !== null) throw this.#lastFailure;
  }

  /** Says good-bye: nobody has to wait for this node's time-out. Its connections have left by now. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    const { client, node } = this.#options;
    client.off('ready', this.#onReady);
    await this.#work;
    try {
      await this.#clear(node.id);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the others learn of the end of this node by its silence');
    }
  }

  readonly #onReady = (): void => this.#later(() => this.#reconnected());

  #later(run: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#isClosed) return;
      try {
        await run();
        this.#lastFailure = null;
      } catch (error) {
        this.#lastFailure = error;
        this.#options.logger.warn({ err: error }, 'the registry of nodes does not answer');
      }
    });
  }

  async #beat(): Promise<void> {
    const { was } = await this.#heartbeat();
    if (was === 'dead') await this.#comeBack();
    else if (was === 'new') await this.#restore('all');
    else await this.#restore('doubtful');
  }

  /** Another process, or one that lost its memory, is told everything; the same one what it may have missed. */
  async #reconnected(): Promise<void> {
    await this.#loadScripts();
    const runId = await this.#readRunId();
    const isSame = runId === this.#runId;
    const { was } = await this.#heartbeat();
    if (was === 'dead') await this.#comeBack();
    else await this.#restore(isSame && was === 'known' ? 'doubtful' : 'all');
    this.#runId = runId;
  }

  async #heartbeat(): Promise<{ was: string; leads: boolean; silent: readonly string[] }> {
    const { client, node, timings } = this.#options;
    const answer = await HEARTBEAT.run(client, node.registryKeys, () => [
      node.id,
      timings.timeoutMs,
      TOMBSTONE_MS,
    ]);
    // CAST: lua/node-heartbeat.lua.
    const [was, leads, silent] = answer as [string, number, string[]];
    return { was, leads: leads === 1, silent };
  }

  /** The others gave this node up. Under a new name it brings everything again, and what it wrote as the old one goes. */
  async #comeBack(): Promise<void> {
    const { node, logger } = this.#options;
    const before = node.renew();
    logger.warn({ before, now: node.id }, 'the other nodes gave this one up: it joins again as a new one');
    await this.#heartbeat();
    await this.#restore('all', true);
    await this.#clear(before);
  }

  /** `announce`: users that nobody has any more were announced as gone. */
  async #restore(which: 'all' | 'doubtful', announce = false): Promise<void> {
    const { presence, occupancy } = this.#options;
    await inGroups(presence.ownChannels(which), async (name) => {
      const { gone, added } = await presence.restore(name);
      const { appId, channel } = parseChannelName(name);
      for (const userId of gone) this.#listener?.onMemberGone(appId, channel, userId, null);
      if (!announce) return;
      for (const { userId, info } of added) this.#listener?.onMemberBack(appId, channel, userId, info);
    });
    await inGroups(occupancy.ownChannels(which), (name) => occupancy.restore(name));
  }

  async #sweep(): Promise<void> {
    const { client, node, timings, logger } = this.#options;
    const { was, leads, silent } = await this.#heartbeat();
    if (was === 'dead') await this.#comeBack();
    if (!leads) return;
    for (const dead of silent) {
      const isDead = await GIVE_UP.run(client, node.registryKeys, () => [dead, timings.timeoutMs]);
      if (isDead !== 1) continue;
      logger.warn({ node: dead }, 'a node died: its members and counts are taken away');
      await this.#clear(dead);
    }
  }

  /** The node stays in the registry until nothing is left, so that a leader that dies here has a successor. */
  async #clear(nodeId: string): Promise<void> {
    const { client, node, presence, occupancy } = this.#options;
    await this.#eachMemberChannel(nodeId, async (name) => {
      const { appId, channel } = parseChannelName(name);
      for (const userId of await presence.evict(name, nodeId)) {
        this.#listener?.onMemberGone(appId, channel, userId, nodeId);
      }
    });
    await this.#eachCountedChannel(nodeId, async (name) => {
      const { appId, channel } = parseChannelName(name);
      const left = await occupancy.evict(name, nodeId);
      if (left !== null) this.#listener?.onCountDropped(appId, channel, left);
    });
    await client.del(node.membersKey(nodeId));
    await client.del(node.countsKey(nodeId));
    await client.zrem(node.registryKeys[0], nodeId);
  }

  async #eachMemberChannel(nodeId: string, run: (name: string) => Promise<void>): Promise<void> {
    const { client, node } = this.#options;
    let cursor = '0';
    do {
      const [next, names] = await client.sscan(node.membersKey(nodeId), cursor, 'COUNT', SCAN_NAMES);
      await inGroups(names, run);
      cursor = next;
    } while (cursor !== '0');
  }

  async #eachCountedChannel(nodeId: string, run: (name: string) => Promise<void>): Promise<void> {
    const { client, node } = this.#options;
    let cursor = '0';
    do {
      const [next, fields] = await client.hscan(node.countsKey(nodeId), cursor, 'COUNT', SCAN_NAMES);
      await inGroups(
        fields.filter((_, index) => index % 2 === 0),
        run,
      );
      cursor = next;
    } while (cursor !== '0');
  }

  async #loadScripts(): Promise<void> {
    const scripts = [HEARTBEAT, GIVE_UP, ...PRESENCE_SCRIPTS, ...OCCUPANCY_SCRIPTS];
    await Promise.all(scripts.map((script) => script.load(this.#options.client)));
  }

  async #readRunId(): Promise<string> {
    const info = await this.#options.client.info('server');
    return /^run_id:(\S+)/m.exec(info)?.[1] ?? '';
  }
}

async function inGroups(names: readonly string[], run: (name: string) => Promise<void>): Promise<void> {
  for (let start = 0; start < names.length; start += CHANNELS_AT_ONCE) {
    await Promise.all(names.slice(start, start + CHANNELS_AT_ONCE).map(run));
  }
}

// The Occupancy port for one process. Bounded by its callers: one count per channel that a connection of this node holds.
import type { Occupancy } from '../ports/occupancy.ts';

/** A count never falls below 0; a channel at 0 is forgotten. */
export function createMemoryOccupancy(): Occupancy {
  const apps = new Map<string, Map<string, number>>();

  function change(appId: string, channel: string, by: 1 | -1): number {
    const channels = apps.get(appId) ?? new Map<string, number>();
    const count = Math.max(0, (channels.get(channel) ?? 0) + by);
    if (count > 0) {
      channels.set(channel, count);
      apps.set(appId, channels);
      return count;
    }
    channels.delete(channel);
    if (channels.size === 0) apps.delete(appId);
    return 0;
  }

  return {
    async change(appId, channel, by): Promise<number> {
      return change(appId, channel, by);
    },
    async count(appId, channel): Promise<number> {
      return apps.get(appId)?.get(channel) ?? 0;
    },
    async list(appId, prefix): Promise<ReadonlyMap<string, number>> {
      const found = new Map<string, number>();
      for (const [channel, count] of apps.get(appId) ?? []) {
        if (channel.startsWith(prefix)) found.set(channel, count);
      }
      return found;
    },
    async close(): Promise<void> {
      apps.clear();
    },
  };
}

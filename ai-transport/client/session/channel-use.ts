/** Who uses a channel of a client: it is left when the last one is done with it, and not if the application had it before. */
import type { Channel, Sockudo } from '@sockudo/client';

const uses = new WeakMap<Sockudo, Map<string, number>>();

/** Subscribes. `release` has an effect once. */
export function acquireChannel(client: Sockudo, name: string): { channel: Channel; release: () => void } {
  const counts = uses.get(client) ?? new Map<string, number>();
  uses.set(client, counts);
  const isOthers = !counts.has(name) && client.channel(name) !== undefined;
  // One more, that never ends, for who had it before.
  counts.set(name, (counts.get(name) ?? 0) + (isOthers ? 2 : 1));
  const channel = client.subscribe(name);
  let isReleased = false;
  const release = () => {
    if (isReleased) return;
    isReleased = true;
    const left = (counts.get(name) ?? 1) - 1;
    if (left > 0) {
      counts.set(name, left);
      return;
    }
    counts.delete(name);
    client.unsubscribe(name);
  };
  return { channel, release };
}

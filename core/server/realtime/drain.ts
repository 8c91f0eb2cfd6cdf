// Sends every connection of this node away without sending them all at once: the closes are spread over the grace period, so
// that the nodes that take over are not hit by a thundering herd (divergence D85).
import type { Hub } from './hub.ts';

const STEP_MS = 50;
/** The part of the grace period in which Close frames are sent; the rest is for clients to answer them. */
const CLOSING_SHARE = 0.7;

/** Resolves as soon as nobody is left, and at the end of the grace period at the latest; then the rest is cut. */
export async function closeAllConnections(hub: Hub, graceMs: number): Promise<void> {
  const connections = [...hub.apps()].flatMap((app) => [...app.connections.values()]);
  const endsAtMs = Date.now() + graceMs;
  const steps = Math.max(1, Math.floor((graceMs * CLOSING_SHARE) / STEP_MS));
  const perStep = Math.ceil(connections.length / steps);
  for (let next = 0; next < connections.length; next += perStep) {
    // What is held back for those who are sent away now goes with them.
    hub.rollup?.flush();
    for (const connection of connections.slice(next, next + perStep)) {
      connection.close(4200, 'Server shutting down');
    }
    await pause(STEP_MS);
  }
  while (hub.connectionCount > 0 && Date.now() < endsAtMs) await pause(STEP_MS);
  for (const app of hub.apps()) {
    for (const connection of app.connections.values()) connection.webSocket.terminate();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

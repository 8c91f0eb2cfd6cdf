// The app's limit on what one connection publishes: client events and acknowledged requests count alike, before they are looked at.
import { clientEventRate } from '@sockudo/protocol';
import type { Connection } from './connection.ts';

/**
 * Counts an event. False: refused, and the client has been told.
 * @throws ProtocolError 4301 `Client event rejected due to rate limit`
 */
export function countEvent(connection: Connection): boolean {
  const { maxClientEventsPerWindow, clientEventWindowMs, closeOnClientEventLimit } = connection.app.limits;
  if (maxClientEventsPerWindow === 0) return true;
  const now = Date.now();
  if (now >= connection.clientEventWindowEndsMs) {
    connection.clientEventWindowEndsMs = now + clientEventWindowMs;
    connection.clientEventsInWindow = 0;
  }
  connection.clientEventsInWindow += 1;
  if (connection.clientEventsInWindow <= maxClientEventsPerWindow) return true;
  if (!closeOnClientEventLimit) throw clientEventRate();
  connection.close(4301, 'Connection closed due to client event rate limit');
  return false;
}

// Who watches whom, and the notices about it (divergence D28): every signed-in user is online from the first connection
// to the last, watchers hear of each change once, and every burst ends with the frame that pusher-js listens to.
// A watcher's list is bounded by its sign-in frame; the maps by the open connections.
import { randomUUID } from 'node:crypto';
import { watchlistFrames } from '@sockudo/protocol';
import type { Connection } from './connection.ts';
import type { AppHub } from './hub.ts';

export class Watchlists {
  /** Per app: watched id -> watching connections. */
  readonly #watchers = new Map<string, Map<string, Set<Connection>>>();
  /** Per app: user id -> signed-in connections. */
  readonly #online = new Map<string, Map<string, Set<Connection>>>();

  /** Frames for the connection itself, and notices to the watchers of the user. Call when sign-in is proved, before its answer. */
  signedIn(hub: AppHub, connection: Connection): void {
    const { user } = connection;
    if (user === null || !hub.app.watchlistEnabled) return;
    const online = added(childMap(this.#online, hub.app.id), user.id, connection);
    if (online === 1) this.#notify(hub, user.id, 'online', connection);
    if (user.watchlist.length === 0) return;
    const watchers = childMap(this.#watchers, hub.app.id);
    for (const id of user.watchlist) added(watchers, id, connection);
    const isOnline = (id: string): boolean => this.#online.get(hub.app.id)?.has(id) === true;
    const onlineIds = user.watchlist.filter(isOnline);
    const offlineIds = user.watchlist.filter((id) => !isOnline(id));
    send(connection, onlineIds, offlineIds);
  }

  /** The connection is gone or signs in anew; `nextId`: as whom. */
  signedOut(hub: AppHub, connection: Connection, nextId?: string): void {
    const { user } = connection;
    if (user === null) return;
    const watchers = this.#watchers.get(hub.app.id);
    if (watchers !== undefined) for (const id of user.watchlist) removed(watchers, id, connection);
    if (user.id === nextId) return;
    const online = this.#online.get(hub.app.id);
    if (online !== undefined && removed(online, user.id, connection) === 0) {
      this.#notify(hub, user.id, 'offline', connection);
    }
  }

  #notify(hub: AppHub, userId: string, change: 'online' | 'offline', except: Connection): void {
    const watchers = this.#watchers.get(hub.app.id)?.get(userId);
    if (watchers === undefined) return;
    for (const watcher of watchers) {
      if (watcher === except) continue;
      if (change === 'online') send(watcher, [userId], []);
      else send(watcher, [], [userId]);
    }
  }
}

function send(connection: Connection, online: readonly string[], offline: readonly string[]): void {
  for (const text of watchlistFrames(connection.protocol, { online, offline }, randomUUID))
    connection.sendText(text);
}

function childMap<Value>(maps: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

/** Adds and answers how many there are now; 0: it was there already. */
function added(sets: Map<string, Set<Connection>>, key: string, connection: Connection): number {
  const set = sets.get(key);
  if (set === undefined) {
    sets.set(key, new Set([connection]));
    return 1;
  }
  if (set.has(connection)) return 0;
  set.add(connection);
  return set.size;
}

/** Removes and answers how many are left; -1: it was not there. */
function removed(sets: Map<string, Set<Connection>>, key: string, connection: Connection): number {
  const set = sets.get(key);
  if (set === undefined || !set.delete(connection)) return -1;
  if (set.size === 0) sets.delete(key);
  return set.size;
}

// How a connection and its subscriptions come to have deltas: by the connection's frame, or by an option of the subscription,
// which counts for that subscription alone (divergence D44).
import {
  type DeltaAlgorithm,
  type DeltaOption,
  isJsonObject,
  member,
  parseDeltaAlgorithm,
  tryParseJson,
} from '@sockudo/protocol';
import type { Connection } from '../connection.ts';
import { ConnectionDeltas, type SubscriptionDelta } from './connection-deltas.ts';
import { canHaveDeltas, type DeltaSettings } from './delta-policy.ts';

/** For a subscription that is made or renewed with this option. Null: its messages go out whole. */
export function subscriptionDelta(
  connection: Connection,
  name: string,
  option: DeltaOption | undefined,
  settings: DeltaSettings,
): SubscriptionDelta | null {
  if (connection.deltas === null) {
    if (option === undefined || connection.protocol === 1 || !settings.enabled) return null;
    connection.deltas = new ConnectionDeltas(settings);
  }
  return canHaveDeltas(name) ? connection.deltas.subscribed(name, option) : null;
}

/** Deltas for every subscription of the connection, now and later, that has no option of its own. */
export function enableDeltas(
  connection: Connection,
  understood: readonly DeltaAlgorithm[],
  settings: DeltaSettings,
): void {
  if (connection.protocol === 1 || !settings.enabled) return;
  connection.deltas ??= new ConnectionDeltas(settings);
  connection.deltas.enable(understood);
  for (const [name, subscription] of connection.subscriptions) {
    if (canHaveDeltas(name)) subscription.delta = connection.deltas.choiceFor(name);
  }
}

/** The known ones of a list of algorithm names, each once. */
export function understoodAlgorithms(data: unknown): readonly DeltaAlgorithm[] {
  const given = typeof data === 'string' ? tryParseJson(data) : data;
  const names = isJsonObject(given) ? member(given, 'algorithms') : undefined;
  if (!Array.isArray(names)) return [];
  // Two names exist; a longer list says nothing more.
  const known = names
    .slice(0, 16)
    .map(parseDeltaAlgorithm)
    .filter((name) => name !== null);
  return [...new Set(known)];
}

// What is on for a channel: durable history, mutable messages, annotations; and how a request meets a closed door. The order of
// the doors is that of http.md sections 5, 7 and 8.
import { httpError } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import { namespaceFor } from '../apps/channel-rules.ts';
import { keepsHistory } from '../apps/durability.ts';
import type { Settings } from '../settings.ts';

/** Switches of the whole server. */
export type FeatureSettings = Pick<Settings, 'versionsEnabled' | 'annotationsEnabled'>;

export const historyDisabled = (channel: string): string =>
  `Durable history is disabled by policy for channel '${channel}'`;

/** Annotations need the message they are about, hence history. */
export function annotatesChannel(app: App, channel: string): boolean {
  return (
    keepsHistory(app, channel) && (namespaceFor(app, channel)?.annotationsEnabled ?? app.annotationsEnabled)
  );
}

export function rewindsChannel(app: App, channel: string): boolean {
  return (
    keepsHistory(app, channel) && (namespaceFor(app, channel)?.rewindEnabled ?? app.history.rewindEnabled)
  );
}

/** @throws ProtocolError 422 `feature_disabled` */
export function requireHistory(app: App, channel: string): void {
  if (!keepsHistory(app, channel)) throw httpError('feature_disabled', historyDisabled(channel));
}

/** @throws ProtocolError 422 `feature_disabled` */
export function requireVersions({ versionsEnabled }: FeatureSettings): void {
  if (!versionsEnabled) throw httpError('feature_disabled', 'Versioned messages are disabled');
}

/** @throws ProtocolError 422 `feature_disabled` where the server has none, 403 `forbidden` where the channel has none */
export function requireAnnotations(settings: FeatureSettings, app: App, channel: string): void {
  requireVersions(settings);
  if (!settings.annotationsEnabled) throw httpError('feature_disabled', 'Annotations are disabled');
  if (!(namespaceFor(app, channel)?.annotationsEnabled ?? app.annotationsEnabled)) {
    throw httpError('forbidden', `Annotations are disabled by policy for channel '${channel}'`);
  }
}

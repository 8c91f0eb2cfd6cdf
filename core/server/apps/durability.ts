// Which channels keep what is published. The app says so for all of its channels; a namespace that allows annotations keeps history on
// for its own, because an annotation needs the message it is about (http.md section 5).
import type { App } from './app.ts';
import { namespaceFor } from './channel-rules.ts';

/** Published events of the channel are kept. */
export function keepsHistory(app: App, channel: string): boolean {
  return app.history.enabled || namespaceFor(app, channel)?.annotationsEnabled === true;
}

/** Messages of the channel have a position: they are kept, or can at least be recovered after a reconnect. */
export function hasPositions(app: App, channel: string): boolean {
  return app.recovery.enabled || keepsHistory(app, channel);
}

/** Some channels of the app keep history. Then all of them use the durable log, so that one commit can span them. */
export function isDurable(app: App): boolean {
  if (app.history.enabled) return true;
  for (const namespace of app.namespaces.values()) if (namespace.annotationsEnabled === true) return true;
  return false;
}

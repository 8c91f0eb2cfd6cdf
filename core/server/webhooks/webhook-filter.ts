// Which endpoints of an app want an event. Pure.
import { namespaceOf } from '@sockudo/protocol';
import type { App, WebhookEndpoint, WebhookFilter } from '../apps/app.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** The part of the app record that webhooks need. */
export type WebhookApp = Pick<App, 'id' | 'key' | 'secret' | 'webhooks'>;

/** Some endpoint lists this kind of event. Cheap, for the path of a publish: says nothing of channels. */
export function isEventWanted(app: WebhookApp, event: WebhookEvent): boolean {
  return app.webhooks.some(({ eventTypes }) => eventTypes.includes(event.name));
}

/** The events an endpoint asked for, in their order. */
export function eventsFor(
  endpoint: WebhookEndpoint,
  events: readonly WebhookEvent[],
): readonly WebhookEvent[] {
  return events.filter(
    ({ name, channel }) =>
      endpoint.eventTypes.includes(name) &&
      (endpoint.filter === null || isChannelWanted(endpoint.filter, channel)),
  );
}

/** Every condition that is given must hold. */
function isChannelWanted(filter: WebhookFilter, channel: string): boolean {
  if (filter.channelPrefix !== undefined && !channel.startsWith(filter.channelPrefix)) return false;
  if (filter.channelSuffix !== undefined && !channel.endsWith(filter.channelSuffix)) return false;
  // `search` has no memory between calls, which `test` has for a pattern with the flag `g` or `y`.
  if (filter.channelPattern !== undefined && channel.search(filter.channelPattern) === -1) return false;
  if (filter.channelNamespaces === undefined) return true;
  const namespace = namespaceOf(channel);
  return namespace !== null && filter.channelNamespaces.includes(namespace);
}

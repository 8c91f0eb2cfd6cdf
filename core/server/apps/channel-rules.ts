// What an app's configuration says about channel names and about what clients may do there, in the form the protocol
// package checks. Built once for each app.
import { type ChannelNameRules, type NamespaceRule, namespaceOf } from '@sockudo/protocol';
import type { App, Namespace } from './app.ts';

const rulesByApp = new WeakMap<App, ChannelNameRules>();

export function channelNameRules(app: App): ChannelNameRules {
  let rules = rulesByApp.get(app);
  if (rules === undefined) {
    const namespaces = new Map<string, NamespaceRule>();
    for (const [name, namespace] of app.namespaces) namespaces.set(name, ruleOf(namespace));
    rules = { maxBytes: app.limits.maxChannelNameBytes, namespaces };
    rulesByApp.set(app, rules);
  }
  return rules;
}

/** The configured namespace of a channel, or null. */
export function namespaceFor(app: App, channel: string): Namespace | null {
  if (app.namespaces.size === 0) return null;
  const name = namespaceOf(channel);
  return name === null ? null : (app.namespaces.get(name) ?? null);
}

function ruleOf(namespace: Namespace): NamespaceRule {
  return {
    ...(namespace.channelPattern !== null && { pattern: namespace.channelPattern }),
    ...(namespace.maxChannelNameBytes !== null && { maxNameBytes: namespace.maxChannelNameBytes }),
    allowUserLimitedChannels: namespace.allowUserLimitedChannels,
  };
}

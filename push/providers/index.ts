// All providers of one server, over shared connections.
import type { Provider, ProviderName } from '../contracts.ts';
import { ApnsProvider } from './apns.ts';
import { Exchange } from './exchange.ts';
import { FcmProvider } from './fcm.ts';
import { HmsProvider } from './hms.ts';
import { type PublishEvent, RealtimeProvider } from './realtime.ts';
import type { ProviderSettings } from './settings.ts';
import { WebPushProvider } from './web-push/provider.ts';
import { WnsProvider } from './wns.ts';

export { PUSH_EVENT, type PublishEvent } from './realtime.ts';
export type { ProviderEndpoints, ProviderSettings } from './settings.ts';
export { generateVapidKeys, type VapidKeys } from './web-push/vapid.ts';

export interface Providers {
  get(name: ProviderName): Provider;
  /** Ends requests under way. */
  close(): Promise<void>;
}

export function createProviders(
  settings: ProviderSettings,
  publish: PublishEvent,
  now: () => number = Date.now,
): Providers {
  const exchange = new Exchange(settings);
  const { endpoints } = settings;
  const byName: Readonly<Record<ProviderName, Provider>> = {
    fcm: new FcmProvider(exchange, endpoints, now),
    apns: new ApnsProvider(settings, now),
    webPush: new WebPushProvider(exchange, now),
    hms: new HmsProvider(exchange, endpoints, now),
    wns: new WnsProvider(exchange, endpoints, now),
    realtime: new RealtimeProvider(publish),
  };
  return {
    get: (name) => byName[name],
    async close() {
      for (const provider of Object.values(byName)) await provider.close?.();
      await exchange.close();
    },
  };
}

// How many recipients a publish is expected to reach, by provider: for its regime and its quotas. Counted as the targets say, so a
// device that two of them reach counts twice; planning finds the true number.
import { PROVIDER_NAMES, type ProviderName, type PublishTarget, providerOf } from '../contracts.ts';
import type { StoredDevice } from '../devices/device.ts';
import type { Devices } from '../devices/devices.ts';
import { clientOf } from '../subscriptions/subscription.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';

export interface Expected {
  readonly total: number;
  readonly byProvider: Readonly<Record<ProviderName, number>>;
  /** Devices that the publish names one by one. */
  readonly named: readonly StoredDevice[];
}

const PAGE = 1000;

export class ExpectedRecipients {
  readonly #devices: Devices;
  readonly #subscriptions: Subscriptions;

  constructor(devices: Devices, subscriptions: Subscriptions) {
    this.#devices = devices;
    this.#subscriptions = subscriptions;
  }

  async of(appId: string, targets: readonly PublishTarget[]): Promise<Expected> {
    const counts = new Map<ProviderName, number>(PROVIDER_NAMES.map((name) => [name, 0]));
    const add = (provider: ProviderName): void => void counts.set(provider, (counts.get(provider) ?? 0) + 1);
    const named = await this.#named(appId, targets);
    for (const { recipient } of named) add(providerOf(recipient));
    for (const target of targets) {
      if (target.type === 'recipient') add(providerOf(target.recipient));
      if (target.type === 'client') await this.#countClient(appId, target.clientId, add);
      if (target.type === 'channel') await this.#countChannel(appId, target.channel, add);
    }
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    // CAST: the map has every name.
    return { total, byProvider: Object.fromEntries(counts) as Expected['byProvider'], named };
  }

  async #named(appId: string, targets: readonly PublishTarget[]): Promise<readonly StoredDevice[]> {
    const ids = targets.flatMap((target) => (target.type === 'device' ? [target.deviceId] : []));
    const found: StoredDevice[] = [];
    for (let from = 0; from < ids.length; from += PAGE) {
      const devices = await this.#devices.getMany(appId, ids.slice(from, from + PAGE));
      found.push(...devices.filter((device) => device !== null));
    }
    return found;
  }

  async #countClient(appId: string, clientId: string, add: (provider: ProviderName) => void): Promise<void> {
    let after: string | undefined;
    do {
      const page = await this.#devices.ofClient(appId, clientId, { after, limit: PAGE });
      for (const { recipient } of page.devices) add(providerOf(recipient));
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  async #countChannel(appId: string, channel: string, add: (provider: ProviderName) => void): Promise<void> {
    let after: string | undefined;
    do {
      const page = await this.#subscriptions.ofChannel(appId, channel, { after, limit: PAGE });
      for (const subscription of page.subscriptions) {
        const clientId = clientOf(subscription);
        if (clientId === null) add(subscription.provider);
        else await this.#countClient(appId, clientId, add);
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
  }
}

// Channel subscriptions in the store, found by channel and by device. Both ways are written in one step.
import { type KeyedStore, keyParts } from '@sockudo/server/ports';
import { keys, prefixes } from '../store/keys.ts';
import { list, pages, putOf, recordOf } from '../store/records.ts';
import type { Subscription } from './subscription.ts';

export interface SubscriptionPage {
  readonly subscriptions: readonly Subscription[];
  readonly next: string | null;
}

interface Page {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Subscriptions that are removed in one step. */
const REMOVED_AT_ONCE = 400;

export class Subscriptions {
  readonly #store: KeyedStore;

  constructor(store: KeyedStore) {
    this.#store = store;
  }

  async put(appId: string, subscription: Subscription): Promise<void> {
    const { channel, deviceId } = subscription;
    await this.#store.write([
      putOf(keys.subscription(appId, channel, deviceId), subscription),
      putOf(keys.deviceSubscription(appId, deviceId, channel), 1),
    ]);
  }

  /** Where it stands in the lists of its channel. */
  keyOf(appId: string, { channel, deviceId }: Subscription): string {
    return keys.subscription(appId, channel, deviceId);
  }

  async get(appId: string, channel: string, deviceId: string): Promise<Subscription | null> {
    const entry = await this.#store.get(keys.subscription(appId, channel, deviceId));
    return entry === null ? null : recordOf<Subscription>(entry);
  }

  /** Which of some (channel, device) pairs there are, in their order; at most 1,000. */
  async have(
    appId: string,
    pairs: readonly { readonly channel: string; readonly deviceId: string }[],
  ): Promise<readonly boolean[]> {
    const wanted = pairs.map(({ channel, deviceId }) => keys.subscription(appId, channel, deviceId));
    return (await this.#store.getMany(wanted)).map((entry) => entry !== null);
  }

  /** By channel, then by device. */
  all(appId: string, page: Page): Promise<SubscriptionPage> {
    return this.#page(prefixes.subscriptions(appId), page);
  }

  /** By device. */
  ofChannel(appId: string, channel: string, page: Page): Promise<SubscriptionPage> {
    return this.#page(prefixes.channelSubscriptions(appId, channel), page);
  }

  /** By channel. */
  async ofDevice(appId: string, deviceId: string, page: Page): Promise<SubscriptionPage> {
    const { entries, next } = await list(this.#store, prefixes.deviceSubscriptions(appId, deviceId), page);
    const wanted = entries.map(({ key }) => keys.subscription(appId, keyParts(key).at(-1) ?? '', deviceId));
    const found = wanted.length === 0 ? [] : await this.#store.getMany(wanted);
    return {
      subscriptions: found.filter((entry) => entry !== null).map((entry) => recordOf<Subscription>(entry)),
      next,
    };
  }

  /** Names of channels that have subscriptions, each once. */
  async channels(
    appId: string,
    { after, limit }: Page,
  ): Promise<{ channels: string[]; next: string | null }> {
    const channels: string[] = [];
    let last = after;
    for (;;) {
      // One step goes to the next channel, whatever number of devices the one before has.
      const { entries } = await this.#store.scan({
        prefix: prefixes.subscriptions(appId),
        limit: 1,
        ...(last !== undefined && { after: last }),
      });
      const [first] = entries;
      if (first === undefined) return { channels, next: null };
      if (channels.length === limit) return { channels, next: last ?? null };
      const channel = keyParts(first.key).at(-2) ?? '';
      channels.push(channel);
      last = behind(prefixes.channelSubscriptions(appId, channel));
    }
  }

  /** Exactly this pair. Answers whether there was one. */
  async remove(appId: string, channel: string, deviceId: string): Promise<boolean> {
    const had = (await this.get(appId, channel, deviceId)) !== null;
    await this.#remove(appId, [{ channel, deviceId }]);
    return had;
  }

  async removeOfChannel(appId: string, channel: string): Promise<number> {
    let removed = 0;
    for await (const entries of pages(
      this.#store,
      prefixes.channelSubscriptions(appId, channel),
      REMOVED_AT_ONCE,
    )) {
      const pairs = entries.map(({ key }) => ({ channel, deviceId: keyParts(key).at(-1) ?? '' }));
      await this.#remove(appId, pairs);
      removed += pairs.length;
    }
    return removed;
  }

  async removeOfDevice(appId: string, deviceId: string): Promise<number> {
    let removed = 0;
    for await (const entries of pages(
      this.#store,
      prefixes.deviceSubscriptions(appId, deviceId),
      REMOVED_AT_ONCE,
    )) {
      const pairs = entries.map(({ key }) => ({ channel: keyParts(key).at(-1) ?? '', deviceId }));
      await this.#remove(appId, pairs);
      removed += pairs.length;
    }
    return removed;
  }

  async #page(prefix: string, page: Page): Promise<SubscriptionPage> {
    const { entries, next } = await list(this.#store, prefix, page);
    return { subscriptions: entries.map((entry) => recordOf<Subscription>(entry)), next };
  }

  async #remove(appId: string, pairs: readonly { channel: string; deviceId: string }[]): Promise<void> {
    await this.#store.write(
      pairs.flatMap(({ channel, deviceId }) => [
        { kind: 'delete' as const, key: keys.subscription(appId, channel, deviceId) },
        { kind: 'delete' as const, key: keys.deviceSubscription(appId, deviceId, channel) },
      ]),
    );
  }
}

/** A text behind everything below a prefix that ends with `/`. */
const behind = (prefix: string): string => `${prefix.slice(0, -1)}0`;

// Limits that a publish meets after it was checked: it is answered with `quota_exceeded` and nothing of it is sent (push.md
// section 9.3).
import type { PushSettings } from '@sockudo/server/plugins';
import type { KeyedOperation, KeyedStore } from '@sockudo/server/ports';
import { PROVIDER_NAMES } from '../contracts.ts';
import { keys } from '../store/keys.ts';
import { putOf, recordOf, unchanged } from '../store/records.ts';
import type { Expected } from './expected.ts';
import { RateWindows } from './rate-windows.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export class Quotas {
  readonly #store: KeyedStore;
  readonly #limits: PushSettings['quotas'];
  readonly #devices = new RateWindows();

  constructor(store: KeyedStore, limits: PushSettings['quotas']) {
    this.#store = store;
    this.#limits = limits;
  }

  /** True: some limit is in the way. Counts against the rates of devices that the publish names. */
  isExceeded(appId: string, { total, byProvider, named }: Expected): boolean {
    const { fanout, ceilings } = this.#limits;
    if (total > fanout) return true;
    if (PROVIDER_NAMES.some((name) => byProvider[name] > ceilings[name])) return true;
    const kept = named.map(
      ({ id, pushRatePolicy: policy }) =>
        policy === undefined || this.#devices.take(`${appId} ${id}`, policy.capacity),
    );
    return kept.includes(false);
  }

  /**
   * The write that counts deliveries of this day, to be made with the publish; its expectation fails where others counted
   * meanwhile. `exceeded`: the day has no room for so many.
   */
  async ofDay(appId: string, deliveries: number): Promise<KeyedOperation | 'unlimited' | 'exceeded'> {
    const { deliveriesPerDay } = this.#limits;
    if (deliveriesPerDay === Number.POSITIVE_INFINITY) return 'unlimited';
    const nowMs = Date.now();
    const key = keys.dailyDeliveries(appId, new Date(nowMs).toISOString().slice(0, 10));
    const entry = await this.#store.get(key);
    const count = (entry === null ? 0 : recordOf<number>(entry)) + deliveries;
    if (count > deliveriesPerDay) return 'exceeded';
    return putOf(key, count, { ...unchanged(entry), expiresAtMs: nowMs + 2 * DAY_MS });
  }
}

// What results of deliveries mean for devices (push.md section 8.5): those that are gone leave, others change their state.
import type { DeliveryResult } from '../contracts.ts';
import type { Devices } from '../devices/devices.ts';
import type { PushMetrics } from '../metrics.ts';

export class DeviceEffects {
  readonly #devices: Devices;
  readonly #metrics: PushMetrics;

  constructor(devices: Devices, metrics: PushMetrics) {
    this.#devices = devices;
    this.#metrics = metrics;
  }

  /** May be done again for the same results. */
  async apply(appId: string, results: readonly DeliveryResult[]): Promise<void> {
    const arrived: { deviceId: string; tokenHash: string }[] = [];
    for (const { ref, tokenHash, outcome, provider } of results) {
      if (ref.kind !== 'device') continue;
      const { deviceId } = ref;
      if (outcome.kind === 'accepted') arrived.push({ deviceId, tokenHash });
      if (outcome.kind !== 'rejected') continue;
      if (outcome.removesDevice === true) {
        const isRemoved = await this.#devices.remove(appId, deviceId, tokenHash);
        if (isRemoved) this.#metrics.of(appId).invalidations.add([provider]);
      } else if (outcome.failureClass === 'device_transient') {
        const change = await this.#devices.noteFailure(appId, deviceId, tokenHash);
        if (change !== null) this.#metrics.of(appId).transitions.add([change.from, change.to]);
      }
    }
    for (const { from, to } of await this.#devices.noteDeliveries(appId, arrived)) {
      this.#metrics.of(appId).transitions.add([from, to]);
    }
  }

  count(appId: string, results: readonly DeliveryResult[]): void {
    const counts = this.#metrics.of(appId);
    for (const { provider, outcome } of results) {
      const { kind } = outcome;
      counts.dispatched.add([provider, kind]);
      if (kind === 'rejected' || kind === 'dead') counts.failures.add([provider, outcome.failureClass]);
      if (kind === 'dead') counts.deadLettered.add([provider]);
    }
  }
}

// The Fanout port for one process: what is published reaches the own node's listener at once, in the order of the calls.
import type { ControlSignal, Envelope, Fanout, FanoutListener } from '../ports/fanout.ts';

export interface LocalFanoutOptions {
  /** Hears what a listener threw; the publisher never does. Default: the error is lost. */
  readonly onError?: (error: unknown) => void;
}

type Delivery = (listener: FanoutListener) => void;

/** A publish made while another is being delivered waits for that one, so that no subscriber sees the two swapped. */
export function createLocalFanout(options: LocalFanoutOptions = {}): Fanout {
  let listener: FanoutListener | null = null;
  let isDelivering = false;
  const nested: Delivery[] = [];

  function attempt(delivery: Delivery): void {
    if (listener === null) return;
    try {
      delivery(listener);
    } catch (error) {
      options.onError?.(error);
    }
  }

  function deliver(delivery: Delivery): void {
    if (isDelivering) {
      nested.push(delivery);
      return;
    }
    isDelivering = true;
    attempt(delivery);
    for (let next = nested.shift(); next !== undefined; next = nested.shift()) attempt(next);
    isDelivering = false;
  }

  return {
    listen(newListener: FanoutListener): void {
      if (listener !== null) throw new Error('the fan-out has a listener already');
      listener = newListener;
    },
    join(): void {},
    leave(): void {},
    publish(envelope: Envelope): void {
      deliver((to) => to.onEnvelope(envelope));
    },
    control(signal: ControlSignal): void {
      deliver((to) => to.onControl(signal));
    },
    async ask(): Promise<readonly unknown[]> {
      return [];
    },
    async close(): Promise<void> {
      listener = null;
      nested.length = 0;
    },
  };
}

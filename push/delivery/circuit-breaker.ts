// Leaves a service alone that fails again and again: its pushes wait instead of using up their attempts. One circuit for each
// service that can fail on its own: a provider with a credential, and of Web Push and WNS each push service.

export interface BreakerSettings {
  /** Failures in a row that open a circuit. Default 5. */
  readonly failures: number;
  /** How long it stays open at least, in ms. Default 30000. */
  readonly openMs: number;
}

const DEFAULTS: BreakerSettings = { failures: 5, openMs: 30_000 };
/** Of more circuits the one that was made first is forgotten: it starts anew, closed. */
const MAX_CIRCUITS = 1_000;
/** How soon those are tried again that found another one trying. */
const PROBE_MS = 1_000;

interface Circuit {
  failures: number;
  /** 0: closed. Past: one push tries. */
  openUntilMs: number;
  isProbing: boolean;
}

export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  readonly #now: () => number;
  readonly #circuits = new Map<string, Circuit>();
  /** How often a circuit was opened. */
  opened = 0;

  constructor(settings: Partial<BreakerSettings> = {}, now: () => number = Date.now) {
    this.#settings = { ...DEFAULTS, ...settings };
    this.#now = now;
  }

  /** 0: send, and report what came of it. Otherwise: wait so many ms and ask again. */
  waitMs(key: string): number {
    const circuit = this.#circuits.get(key);
    if (circuit === undefined || circuit.openUntilMs === 0) return 0;
    const leftMs = circuit.openUntilMs - this.#now();
    if (leftMs > 0) return leftMs;
    if (circuit.isProbing) return PROBE_MS;
    circuit.isProbing = true;
    return 0;
  }

  succeeded(key: string): void {
    this.#circuits.delete(key);
  }

  /** The service itself failed. `retryAfterMs`: when it wants to be asked again; an open circuit stays open until then. */
  failed(key: string, retryAfterMs = 0): void {
    const circuit = this.#circuits.get(key) ?? this.#add(key);
    circuit.failures += 1;
    const isTried = circuit.isProbing;
    circuit.isProbing = false;
    if (!isTried && circuit.failures < this.#settings.failures) return;
    if (circuit.openUntilMs <= this.#now()) this.opened += 1;
    const untilMs = this.#now() + Math.max(this.#settings.openMs, retryAfterMs);
    circuit.openUntilMs = Math.max(circuit.openUntilMs, untilMs);
  }

  #add(key: string): Circuit {
    for (const oldest of this.#circuits.keys()) {
      if (this.#circuits.size < MAX_CIRCUITS) break;
      this.#circuits.delete(oldest);
    }
    const circuit = { failures: 0, openUntilMs: 0, isProbing: false };
    this.#circuits.set(key, circuit);
    return circuit;
  }
}

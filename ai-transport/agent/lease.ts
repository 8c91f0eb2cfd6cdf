/**
 * Keeps a claim alive by heartbeats, and gives the run up as soon as the claim may be another's: when the server says so, and when no
 * heartbeat has got through for as long as the lease lasts. Must not know: what is done under it.
 */
import type { RunRecord } from '../wire/index.ts';
import type { Claim, Claims } from './claims.ts';
import { AgentError, isFenced, statusOf } from './errors.ts';

export interface LeaseParts {
  readonly claims: Pick<Claims, 'heartbeat'>;
  readonly claim: Claim;
  readonly leaseMs: number;
  /** The run as the server has it now. */
  readonly onRecord: (record: RunRecord) => void;
  /** Called once; the lease has stopped by itself then. */
  readonly onLost: (error: AgentError) => void;
  /** A heartbeat that did not get through; there will be another. */
  readonly onError: (error: unknown) => void;
}

export class Lease {
  readonly #parts: LeaseParts;
  readonly #beats: ReturnType<typeof setInterval>;
  #end: ReturnType<typeof setTimeout>;
  #isOver = false;

  /** Of a claim that has just been made. */
  constructor(parts: LeaseParts) {
    this.#parts = parts;
    // Each is sent whether or not the one before was answered: one that hangs must not cost the run.
    this.#beats = setInterval(() => void this.beat(), parts.leaseMs / 3);
    this.#end = this.#endAfter(performance.now());
  }

  /** A heartbeat now. Never rejects. */
  async beat(): Promise<void> {
    if (this.#isOver) return;
    const sentAtMs = performance.now();
    const { claims, claim, leaseMs, onRecord, onError } = this.#parts;
    try {
      const record = await claims.heartbeat(claim, leaseMs);
      if (this.#isOver) return;
      clearTimeout(this.#end);
      this.#end = this.#endAfter(sentAtMs);
      onRecord(record);
    } catch (error) {
      if (this.#isOver) return;
      const isGone = isFenced(error) || statusOf(error) === 404;
      if (isGone) this.#lose('The claim on the run is not held any more', error);
      else onError(error);
    }
  }

  stop(): void {
    this.#isOver = true;
    clearInterval(this.#beats);
    clearTimeout(this.#end);
  }

  /** The server counts from when the request arrives, which is later than when it was sent. */
  #endAfter(sentAtMs: number): ReturnType<typeof setTimeout> {
    const leftMs = sentAtMs + this.#parts.leaseMs - performance.now();
    return setTimeout(() => this.#lose('The lease on the run has run out'), Math.max(0, leftMs));
  }

  #lose(text: string, cause?: unknown): void {
    this.stop();
    this.#parts.onLost(new AgentError('fenced', text, { cause }));
  }
}

// Finds connections that are gone without saying so, and those that never proved who they are. Protocol 1 is probed with a
// pusher:ping frame, protocol 2 with a native Ping (realtime.md section 1.4). Any inbound frame counts as a sign of life
// (divergence D6). All times come from the shared deadline wheel.
import { randomBytes } from 'node:crypto';
import { PING_V1, PONG_TIMEOUT_SECONDS } from '@sockudo/protocol';
import type { Connection } from './connection.ts';
import type { Deadline, DeadlineWheel } from './deadline-wheel.ts';

const PONG_TIMEOUT_MS = PONG_TIMEOUT_SECONDS * 1000;

export interface LivenessTimes {
  readonly activityTimeoutMs: number;
  /** Protocol 2: silence before a native Ping. */
  readonly nativePingAfterMs: number;
  /** Protocol 2: silence before Close 1001. */
  readonly idleTimeoutMs: number;
}

export class Liveness implements Deadline {
  readonly #connection: Connection;
  readonly #wheel: DeadlineWheel;
  readonly #times: LivenessTimes;
  #slot = 0;
  /** When the open probe was sent; null: none is open. */
  #probedAtMs: number | null = null;

  constructor(connection: Connection, wheel: DeadlineWheel, times: LivenessTimes) {
    this.#connection = connection;
    this.#wheel = wheel;
    this.#times = times;
    connection.lastInboundMs = wheel.nowMs;
    this.#slot = wheel.schedule(this, Math.min(this.#probeAfterMs, this.#idleAfterMs));
  }

  get #probeAfterMs(): number {
    return this.#connection.protocol === 1 ? this.#times.activityTimeoutMs : this.#times.nativePingAfterMs;
  }

  get #idleAfterMs(): number {
    return this.#connection.protocol === 1 ? Number.POSITIVE_INFINITY : this.#times.idleTimeoutMs;
  }

  due(nowMs: number): void {
    const connection = this.#connection;
    if (!connection.isOpen) return;
    const silentMs = nowMs - connection.lastInboundMs;
    if (this.#probedAtMs !== null && connection.lastInboundMs >= this.#probedAtMs) this.#probedAtMs = null;
    const idleInMs = this.#idleAfterMs - silentMs;
    if (idleInMs <= 0) {
      connection.close(1001, 'Idle timeout', true);
      return;
    }
    if (this.#probedAtMs !== null) {
      const leftMs = this.#probedAtMs + PONG_TIMEOUT_MS - nowMs;
      if (leftMs <= 0) this.#giveUp();
      else this.#slot = this.#wheel.schedule(this, Math.min(leftMs, idleInMs));
      return;
    }
    if (silentMs < this.#probeAfterMs) {
      this.#slot = this.#wheel.schedule(this, Math.min(this.#probeAfterMs - silentMs, idleInMs));
      return;
    }
    this.#probe(nowMs, idleInMs);
  }

  #probe(nowMs: number, idleInMs: number): void {
    this.#probedAtMs = nowMs;
    if (this.#connection.protocol === 1) this.#connection.sendText(PING_V1);
    else this.#connection.ping(randomBytes(8));
    this.#slot = this.#wheel.schedule(this, Math.min(PONG_TIMEOUT_MS, idleInMs));
  }

  #giveUp(): void {
    // Protocol 2 gets the Close alone, as Sockudo has it.
    this.#connection.close(4201, 'Pong reply not received in time', this.#connection.protocol === 2);
  }

  close(): void {
    this.#wheel.cancel(this, this.#slot);
  }
}

/** Closes a connection that signs in with nothing within the app's time (realtime.md section 4.1). */
export class SignInDeadline implements Deadline {
  readonly #connection: Connection;
  readonly #wheel: DeadlineWheel;
  readonly #slot: number;

  constructor(connection: Connection, wheel: DeadlineWheel, timeoutMs: number) {
    this.#connection = connection;
    this.#wheel = wheel;
    this.#slot = wheel.schedule(this, timeoutMs);
  }

  due(): void {
    this.#connection.close(4009, 'Connection not authorized within timeout.');
  }

  /** The connection has proved itself, or is gone. */
  cancel(): void {
    this.#wheel.cancel(this, this.#slot);
  }
}

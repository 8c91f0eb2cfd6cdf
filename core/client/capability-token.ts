/**
 * The capability token of a protocol 2 connection: read for its lifetime, renewed in time, sent again when the server says it
 * expired. Must not know: channels. The token itself is opaque; only what times and whom it names is looked at, unverified.
 * Source: Sockudo protocol 2, capability tokens (`sockudo:auth`, `sockudo:auth_success`, `sockudo:token_expired`).
 */
import {
  base64UrlDecode,
  isJsonObject,
  type JsonObject,
  member,
  stringMember,
  tryParseJson,
} from '@sockudo/protocol';
import type { EventNames } from './event-names.ts';
import type { Frame } from './frame.ts';
import type { Logger } from './logger.ts';
import type { CloseAction } from './retry.ts';
import type { Runtime, TimerHandle } from './runtime.ts';
import type { LinkEnd } from './socket-link.ts';
import type { TokenSource } from './token-source.ts';
import { messageOf, numberOf } from './values.ts';

/** Part of a token's lifetime after which the next one is fetched. */
export const RENEW_AFTER = 0.8;
/** Shortest pause between two renewals, milliseconds: a provider that gives ever-expiring tokens is not hammered. */
export const RENEW_MIN_MS = 1_000;
const TIMER_MAX_MS = 2 ** 31 - 1;
/** `token_expired` code for a token whose time is up (40160 means revoked: no renewal helps). */
const EXPIRED = 40142;

/** `iat` and `exp` of a JWT in seconds, or null when it has no readable `exp`. Not a check of anything. */
export function tokenLifetime(
  token: string,
): { readonly issuedAt: number | undefined; readonly expiresAt: number } | null {
  const claims = claimsOf(token);
  const expiresAt = numberOf(member(claims, 'exp'));
  return expiresAt === undefined ? null : { issuedAt: numberOf(member(claims, 'iat')), expiresAt };
}

function claimsOf(token: string): JsonObject {
  const bytes = base64UrlDecode(token.split('.')[1] ?? '');
  const claims = bytes === null ? undefined : tryParseJson(new TextDecoder().decode(bytes));
  return isJsonObject(claims) ? claims : {};
}

export interface CapabilityTokenOptions {
  readonly source: TokenSource;
  /** False: `source` always gives the same token, renewing is pointless. */
  readonly isRenewable: boolean;
  readonly names: EventNames;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Sends an event; false when not connected. */
  readonly send: (event: string, data: unknown) => boolean;
  readonly socketId: () => string | undefined;
}

export class CapabilityToken {
  readonly #options: CapabilityTokenOptions;
  #current: string | undefined;
  #timer: TimerHandle;
  /** Counts connections; a renewal begun on an earlier one is dropped. */
  #connection = 0;

  constructor(options: CapabilityTokenOptions) {
    this.#options = options;
  }

  /** The URL with a fresh token. Rejects with whatever the application's provider rejects with. */
  async addTo(url: string): Promise<string> {
    this.#current = await this.#options.source({ reason: this.#connection === 0 ? 'initial' : 'reconnect' });
    return `${url}&token=${encodeURIComponent(this.#current)}`;
  }

  connected(): void {
    this.#connection += 1;
    this.#schedule();
  }

  /** Whom the token in use names. The server has checked it, if there is a connection. */
  clientId(): string | undefined {
    return this.#current === undefined
      ? undefined
      : stringMember(claimsOf(this.#current), 'x-sockudo-client-id');
  }

  lost(): void {
    this.#connection += 1;
    this.#options.runtime.clearTimer(this.#timer);
  }

  /** Looks at a frame; renews when the server says the token's time is up. */
  observe(frame: Frame): void {
    if (frame.event !== this.#options.names.platform('token_expired')) return;
    if (isJsonObject(frame.data) && member(frame.data, 'code') === EXPIRED) void this.#renew('expired');
  }

  /** A connection closed because its token ran out (a laptop slept past it) may come back with a fresh one; a revoked one may not. */
  reviewEnd(end: LinkEnd, action: CloseAction): CloseAction {
    const ranOut = end.code === 4009 && end.reason === 'capability token expired';
    return ranOut && this.#options.isRenewable ? 'lost-backoff' : action;
  }

  #schedule(): void {
    const { isRenewable, runtime } = this.#options;
    const lifetime = this.#current === undefined ? null : tokenLifetime(this.#current);
    runtime.clearTimer(this.#timer);
    if (!isRenewable || lifetime === null) return;
    const nowMs = runtime.now();
    const issuedAtMs = lifetime.issuedAt === undefined ? nowMs : lifetime.issuedAt * 1000;
    const renewAtMs = issuedAtMs + (lifetime.expiresAt * 1000 - issuedAtMs) * RENEW_AFTER;
    const delayMs = Math.min(Math.max(renewAtMs - nowMs, RENEW_MIN_MS), TIMER_MAX_MS);
    this.#timer = runtime.setTimer(() => void this.#renew('refresh'), delayMs);
  }

  async #renew(reason: 'refresh' | 'expired'): Promise<void> {
    const { isRenewable, source, names, send, logger, socketId } = this.#options;
    if (!isRenewable) return;
    const connection = this.#connection;
    try {
      const token = await source({ reason, socketId: socketId() });
      if (connection !== this.#connection) return;
      this.#current = token;
      send(names.platform('auth'), { token });
      this.#schedule();
    } catch (error) {
      // The server's own expiry notice asks once more; after that the connection ends and comes back with a new token.
      logger.warn(`the token provider failed: ${messageOf(error)}`);
    }
  }
}

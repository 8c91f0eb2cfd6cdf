// A connection that lives by a capability token: what the token grants, and the end of it. At its end the client is told and
// has a little while to bring a new one (realtime.md section 4.5).
import { encodeV2, TOKEN_EXPIRY_GRACE_SECONDS, type TokenGrant } from '@sockudo/protocol';
import type { Connection } from './connection.ts';
import type { RealtimeContext } from './context.ts';
import type { Deadline } from './deadline-wheel.ts';

const GRACE_MS = TOKEN_EXPIRY_GRACE_SECONDS * 1000;

/** Codes of `sockudo:token_expired`. */
const EXPIRED = { code: 40_142, reason: 'expired' } as const;
const REVOKED = { code: 40_160, reason: 'revoked' } as const;

export class TokenSession implements Deadline {
  readonly grant: TokenGrant;
  readonly #connection: Connection;
  readonly #context: RealtimeContext;
  #slot: number;
  #isExpired = false;

  constructor(connection: Connection, grant: TokenGrant, context: RealtimeContext) {
    this.grant = grant;
    this.#connection = connection;
    this.#context = context;
    this.#slot = context.wheel.schedule(this, grant.expiresAtSeconds * 1000 - Date.now());
  }

  due(): void {
    if (this.#isExpired) {
      this.#connection.close(4009, 'capability token expired');
      return;
    }
    this.#isExpired = true;
    tellEnd(this.#connection, EXPIRED);
    this.#slot = this.#context.wheel.schedule(this, GRACE_MS);
  }

  /** A new token took its place, or the connection is gone. */
  close(): void {
    this.#context.wheel.cancel(this, this.#slot);
  }
}

/** The connection is from now on who the token says, and may do what it grants. */
export function useToken(connection: Connection, grant: TokenGrant, context: RealtimeContext): void {
  connection.token?.close();
  connection.token = new TokenSession(connection, grant, context);
  connection.capabilities = grant.capabilities;
  context.hub.app(connection.app.id).setUserId(connection, grant.clientId);
  connection.proveIdentity();
}

/** Closes every connection of this node that lives by one of these tokens; answers how many. */
export function closeRevoked(
  context: RealtimeContext,
  appId: string,
  { jti, clientId }: { readonly jti?: string; readonly clientId?: string },
): number {
  let closed = 0;
  for (const connection of [...context.hub.app(appId).connections.values()]) {
    const grant = connection.token?.grant;
    if (grant === undefined || (grant.jti !== jti && grant.clientId !== clientId)) continue;
    tellEnd(connection, REVOKED);
    connection.close(4009, 'capability token revoked');
    closed += 1;
  }
  return closed;
}

function tellEnd(connection: Connection, end: typeof EXPIRED | typeof REVOKED): void {
  connection.sendText(
    encodeV2({
      event: 'sockudo:token_expired',
      data: JSON.stringify(end),
      messageId: connection.messageId(),
    }),
  );
}

// A socket id before there is a connection, for clients that have to sign their channels first. The ticket says that this
// server issued the id, so that a signature which somebody else has seen is of no use to him; any node of a cluster can check it.
import { timingSafeEqual } from 'node:crypto';
import { httpError, isSocketId } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import { signatureOf } from '../apps/app-signature.ts';

/** How long new streams may be opened with a ticket. */
export const TICKET_TTL_SECONDS = 24 * 3600;

export interface SocketTicket {
  readonly socketId: string;
  readonly ticket: string;
  readonly expiresAtSeconds: number;
}

export function issueTicket(app: Pick<App, 'secret'>, socketId: string, nowSeconds: number): SocketTicket {
  const expiresAtSeconds = Math.floor(nowSeconds) + TICKET_TTL_SECONDS;
  const ticket = `${expiresAtSeconds}:${signatureOf(app, inputOf(socketId, expiresAtSeconds))}`;
  return { socketId, ticket, expiresAtSeconds };
}

/** @throws ProtocolError 401 `auth_failed` */
export function requireTicket(
  app: Pick<App, 'secret'>,
  socketId: string,
  ticket: string,
  nowSeconds: number,
): void {
  const [, expires, signature] = /^(\d{1,12}):([0-9a-f]{64})$/.exec(ticket) ?? [];
  if (!isSocketId(socketId) || expires === undefined || signature === undefined) {
    throw httpError('auth_failed', 'Invalid socket id or ticket');
  }
  const expected = signatureOf(app, inputOf(socketId, Number(expires)));
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) {
    throw httpError('auth_failed', 'Invalid socket id or ticket');
  }
  if (Number(expires) < nowSeconds) throw httpError('auth_failed', 'The ticket has expired');
}

/** Begins like no other text that is signed with an app's secret. */
const inputOf = (socketId: string, expiresAtSeconds: number): string =>
  `event-stream-ticket:${socketId}:${expiresAtSeconds}`;

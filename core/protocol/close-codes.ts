/**
 * WebSocket close codes and what a client does after each: the number alone carries the policy.
 * Must not know: timers, backoff lengths, sockets.
 * Sources: Pusher protocol ("connection closure", ranges 4000-4099, 4100-4199, 4200-4299), RFC 6455 7.4.1.
 */

/** stop = do not reconnect; backoff = reconnect after a growing pause; reconnect-now = at once; tls-only = again, encrypted; normal = the ordinary retry logic. */
export type ClosePolicy = 'stop' | 'backoff' | 'reconnect-now' | 'tls-only' | 'normal';

/** One close code the server may send, or that is reserved by the protocol. */
export interface CloseCodeRow {
  readonly code: number;
  readonly reason: string;
  /** False = defined by the protocol, never sent by our server. */
  readonly sent: boolean;
}

/** Close codes by name. */
export const CLOSE_CODES = {
  normal: { code: 1000, reason: 'Normal closure', sent: true },
  goingAway: { code: 1001, reason: 'Idle timeout', sent: true },
  sslRequired: { code: 4000, reason: 'SSL connection required', sent: false },
  unknownApp: { code: 4001, reason: 'Application does not exist', sent: true },
  appDisabled: { code: 4003, reason: 'Application disabled', sent: true },
  connectionQuota: { code: 4004, reason: 'Application is over connection quota', sent: true },
  pathNotFound: { code: 4005, reason: 'Path not found', sent: false },
  invalidVersion: { code: 4006, reason: 'Invalid version string format', sent: false },
  unsupportedProtocol: { code: 4007, reason: 'Unsupported protocol version', sent: false },
  noProtocol: { code: 4008, reason: 'No protocol version supplied', sent: false },
  unauthorized: { code: 4009, reason: 'Connection is unauthorized', sent: true },
  overCapacity: { code: 4100, reason: 'Over capacity', sent: true },
  reconnect: { code: 4200, reason: 'Server shutting down', sent: true },
  pongTimeout: { code: 4201, reason: 'Pong reply not received in time', sent: true },
  inactive: { code: 4202, reason: 'Closed after inactivity', sent: false },
  clientEventRate: { code: 4301, reason: 'Connection closed due to client event rate limit', sent: true },
} as const satisfies Record<string, CloseCodeRow>;

export type CloseCodeName = keyof typeof CLOSE_CODES;

/** What a client does after the socket was closed with `code`. */
export function closeCodePolicy(code: number): ClosePolicy {
  if (code < 4000) return code >= 1002 && code <= 1004 ? 'backoff' : 'normal';
  if (code === 4000) return 'tls-only';
  if (code < 4100) return 'stop';
  if (code < 4200) return 'backoff';
  if (code < 4300) return 'reconnect-now';
  return 'stop';
}

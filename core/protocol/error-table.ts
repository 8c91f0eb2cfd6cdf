/**
 * The one table of everything that can be refused: stable names, WebSocket codes, HTTP statuses and text codes, whether a retry
 * can help. Everything else about errors is derived from it (errors.ts), and docs/protocol.md is checked against it.
 * Sources: Pusher protocol (close codes 4000-4299), Sockudo 5.0.1 as recorded, divergences D1-D3, D5, D9.
 */

/** One row: what a peer sees when this happens. Absent `wsCode` = only over HTTP, then 4000 is used should it reach a socket. */
export interface ErrorRow {
  /** Status of the HTTP answer; absent = never answered over HTTP (500 is used if it happens all the same). */
  readonly httpStatus?: number;
  /** Text code in the HTTP body `{error, code, status}`: the stable thing a client may branch on. */
  readonly code: string;
  /** Number in `pusher:error` and, where the connection ends, of the close frame. */
  readonly wsCode?: number;
  /** True when the same request can succeed later without being changed. */
  readonly retryable: boolean;
  /** Fixed text of the family: put in front of the detail on a socket, left out over HTTP. */
  readonly prefix?: string;
  /** Text used when the caller gives none. */
  readonly message?: string;
  /** Number of the AI family, sent as `ai_code` (divergence D9). */
  readonly aiCode?: number;
}

const table = {
  // Whole connection: answered by an error frame and a close.
  ssl_required: { code: 'ssl_required', wsCode: 4000, retryable: false, message: 'SSL connection required' },
  unknown_app: {
    code: 'app_not_found',
    httpStatus: 404,
    wsCode: 4001,
    retryable: false,
    message: 'Application does not exist',
  },
  app_disabled: {
    code: 'forbidden',
    httpStatus: 403,
    wsCode: 4003,
    retryable: false,
    message: 'Application disabled',
  },
  connection_quota: {
    code: 'limit_exceeded',
    wsCode: 4004,
    retryable: true,
    message: 'Application is over connection quota',
  },
  path_not_found: {
    code: 'not_found',
    httpStatus: 404,
    wsCode: 4005,
    retryable: false,
    message: 'Path not found',
  },
  origin_not_allowed: { code: 'forbidden', wsCode: 4009, retryable: false, message: 'Origin not allowed' },
  sign_in_deadline: {
    code: 'auth_failed',
    wsCode: 4009,
    retryable: false,
    message: 'Connection not authorized within timeout.',
  },
  terminated_by_app: {
    code: 'auth_failed',
    wsCode: 4009,
    retryable: false,
    message: 'You got disconnected by the app.',
  },
  token_expired: { code: 'auth_failed', wsCode: 4009, retryable: false, message: 'capability token expired' },
  token_revoked: { code: 'auth_failed', wsCode: 4009, retryable: false, message: 'capability token revoked' },
  over_capacity: { code: 'limit_exceeded', wsCode: 4100, retryable: true, message: 'Over capacity' },
  outbound_buffer_full: {
    code: 'limit_exceeded',
    wsCode: 4100,
    retryable: true,
    message: 'Outbound buffer full',
  },
  force_reconnect: {
    code: 'service_unavailable',
    wsCode: 4200,
    retryable: true,
    message: 'Force reconnect requested by the app.',
  },
  server_shutting_down: {
    code: 'service_unavailable',
    httpStatus: 503,
    wsCode: 4200,
    retryable: true,
    message: 'Server shutting down',
  },
  pong_timeout: {
    code: 'service_unavailable',
    wsCode: 4201,
    retryable: true,
    message: 'Pong reply not received in time',
  },

  // One message: answered by an error frame, the connection stays. The detail follows the prefix.
  invalid_message: {
    code: 'invalid_input',
    httpStatus: 400,
    wsCode: 4000,
    retryable: false,
    prefix: 'Invalid message format: ',
  },
  invalid_event_name: {
    code: 'invalid_input',
    httpStatus: 400,
    wsCode: 4000,
    retryable: false,
    prefix: 'Invalid event name: ',
  },
  protocol: {
    code: 'invalid_input',
    httpStatus: 400,
    wsCode: 4000,
    retryable: false,
    prefix: 'Protocol error: ',
  },
  connection: {
    code: 'internal_error',
    httpStatus: 500,
    wsCode: 4000,
    retryable: true,
    prefix: 'Connection error: ',
  },
  internal: {
    code: 'internal_error',
    httpStatus: 500,
    wsCode: 4000,
    retryable: true,
    prefix: 'Internal server error: ',
  },
  authentication: {
    code: 'auth_failed',
    httpStatus: 401,
    wsCode: 4009,
    retryable: false,
    prefix: 'Authentication error: ',
  },
  channel: {
    code: 'invalid_input',
    httpStatus: 400,
    wsCode: 4300,
    retryable: false,
    prefix: 'Channel error: ',
  },
  channel_name: {
    code: 'invalid_input',
    httpStatus: 400,
    wsCode: 4300,
    retryable: false,
    prefix: 'Channel name invalid: ',
  },
  client_event: { code: 'forbidden', wsCode: 4301, retryable: false, prefix: 'Client event error: ' },
  client_event_rate: {
    code: 'rate_limited',
    wsCode: 4301,
    retryable: true,
    message: 'Client event rejected due to rate limit',
  },
  client_event_flood: {
    code: 'rate_limited',
    wsCode: 4301,
    retryable: false,
    message: 'Connection closed due to client event rate limit',
  },
  recovery_disabled: {
    code: 'feature_disabled',
    wsCode: 4301,
    retryable: false,
    message: 'Connection recovery is not enabled',
  },
  no_recovery_positions: {
    code: 'invalid_input',
    wsCode: 4302,
    retryable: false,
    message: 'No channel recovery positions provided',
  },
  broadcast: {
    code: 'internal_error',
    httpStatus: 500,
    wsCode: 4303,
    retryable: true,
    prefix: 'Broadcast error: ',
  },
  ai: { code: 'invalid_input', httpStatus: 400, wsCode: 4000, retryable: false },
  presence_update_invalid: {
    code: 'ai_presence_update_invalid',
    httpStatus: 400,
    wsCode: 4000,
    aiCode: 104009,
    retryable: false,
  },
  presence_update_too_large: {
    code: 'payload_too_large',
    httpStatus: 413,
    wsCode: 4000,
    aiCode: 40009,
    retryable: false,
  },

  // HTTP: the row's name is the text code.
  invalid_input: { code: 'invalid_input', httpStatus: 400, retryable: false },
  missing_channel_info: {
    code: 'missing_channel_info',
    httpStatus: 400,
    retryable: false,
    message: "Request must contain 'channels' (list) or 'channel' (string)",
  },
  limit_exceeded: { code: 'limit_exceeded', httpStatus: 400, retryable: false },
  auth_failed: { code: 'auth_failed', httpStatus: 401, wsCode: 4009, retryable: false },
  forbidden: { code: 'forbidden', httpStatus: 403, retryable: false },
  app_not_found: { code: 'app_not_found', httpStatus: 404, wsCode: 4001, retryable: false },
  not_found: { code: 'not_found', httpStatus: 404, retryable: false },
  conflict: { code: 'conflict', httpStatus: 409, retryable: false },
  fenced: { code: 'fenced', httpStatus: 409, retryable: false },
  payload_too_large: { code: 'payload_too_large', httpStatus: 413, retryable: false },
  feature_disabled: { code: 'feature_disabled', httpStatus: 422, retryable: false },
  rate_limited: { code: 'rate_limited', httpStatus: 429, retryable: true },
  internal_error: {
    code: 'internal_error',
    httpStatus: 500,
    retryable: true,
    message: 'Internal server error',
  },
  serialization_error: { code: 'serialization_error', httpStatus: 500, retryable: false },
  header_build_error: { code: 'header_build_error', httpStatus: 500, retryable: false },
  app_validation_failed: { code: 'app_validation_failed', httpStatus: 500, retryable: false },
  termination_failed: { code: 'termination_failed', httpStatus: 500, retryable: true },
  not_implemented: { code: 'not_implemented', httpStatus: 501, retryable: false },
  backpressure: { code: 'backpressure', httpStatus: 503, retryable: true },
  service_unavailable: { code: 'service_unavailable', httpStatus: 503, retryable: true },
  ai_invalid_transport_header: {
    code: 'ai_invalid_transport_header',
    httpStatus: 400,
    wsCode: 4000,
    aiCode: 104000,
    retryable: false,
  },
  ai_header_too_large: {
    code: 'ai_header_too_large',
    httpStatus: 413,
    wsCode: 4000,
    aiCode: 104001,
    retryable: false,
  },
  ai_client_id_spoof: {
    code: 'ai_client_id_spoof',
    httpStatus: 400,
    wsCode: 4000,
    aiCode: 104002,
    retryable: false,
  },
  ai_event_not_permitted: {
    code: 'ai_event_not_permitted',
    httpStatus: 403,
    wsCode: 4000,
    aiCode: 104003,
    retryable: false,
  },
  mutable_not_permitted: { code: 'mutable_not_permitted', httpStatus: 403, aiCode: 93002, retryable: false },
} as const satisfies Record<string, ErrorRow>;

/** Stable name of a row. */
export type ErrorName = keyof typeof table;

/** The table of all errors, by stable name. */
export const ERRORS: Readonly<Record<ErrorName, ErrorRow>> = table;

/** Text codes of the HTTP envelope that can be raised by name (http sheet, error model). */
export type HttpErrorCode = {
  [Name in ErrorName]: (typeof table)[Name]['code'] extends Name ? Name : never;
}[ErrorName];

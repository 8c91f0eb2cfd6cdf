/**
 * The bodies that cut a channel's history: `POST …/history/reset` and `…/history/purge`, with the confirmations that keep a typing
 * error from deleting anything. A presence history is reset with the same body.
 * Must not know: logs, what is retained.
 * Sources: http sheet 5.4 and 6, recording presence-history-reset (its texts).
 */
import { httpError, invalidShape } from './errors.ts';
import { isJsonObject, type JsonObject, member } from './json.ts';

export interface HistoryReset {
  readonly reason: string;
  readonly requestedBy: string | null;
}

/** What is removed: everything, or what lies strictly below a serial or a time. */
export interface HistoryPurge extends HistoryReset {
  readonly mode: 'all' | 'before_serial' | 'before_time_ms';
  readonly beforeSerial: number | null;
  readonly beforeTimeMs: number | null;
}

/**
 * Reads the confirmation of a reset.
 * @throws ProtocolError 422 for a wrong shape, 400 `invalid_input` where what is confirmed is not what was asked
 */
export function parseHistoryReset(body: unknown, channel: string): HistoryReset {
  const value = objectOf(body);
  return confirmed(value, channel, 'reset');
}

/** @throws ProtocolError as parseHistoryReset, and 400 unless exactly the bound is given that `mode` names */
export function parseHistoryPurge(body: unknown, channel: string): HistoryPurge {
  const value = objectOf(body);
  const mode = modeOf(value);
  const beforeSerial = bound(value, 'before_serial');
  const beforeTimeMs = bound(value, 'before_time_ms');
  const confirmation = confirmed(value, channel, 'purge');
  if ((beforeSerial !== null) !== (mode === 'before_serial')) throw misplaced('before_serial', mode);
  if ((beforeTimeMs !== null) !== (mode === 'before_time_ms')) throw misplaced('before_time_ms', mode);
  return { ...confirmation, mode, beforeSerial, beforeTimeMs };
}

function objectOf(body: unknown): JsonObject {
  if (!isJsonObject(body)) throw invalidShape('Request body must be a JSON object');
  return body;
}

function confirmed(body: JsonObject, channel: string, operation: 'reset' | 'purge'): HistoryReset {
  const confirmedChannel = requiredString(body, 'confirm_channel');
  const confirmedOperation = requiredString(body, 'confirm_operation');
  const reason = requiredString(body, 'reason');
  const requestedBy = member(body, 'requested_by') ?? null;
  if (requestedBy !== null && typeof requestedBy !== 'string') {
    throw invalidShape("'requested_by' must be a string");
  }
  if (confirmedChannel !== channel) {
    throw httpError('invalid_input', 'confirm_channel must exactly match the channel path');
  }
  if (confirmedOperation !== operation) {
    throw httpError('invalid_input', `confirm_operation must be '${operation}'`);
  }
  if (reason.trim() === '') throw httpError('invalid_input', 'reason must not be empty');
  return { reason, requestedBy };
}

function modeOf(body: JsonObject): HistoryPurge['mode'] {
  const mode = requiredString(body, 'mode');
  if (mode === 'all' || mode === 'before_serial' || mode === 'before_time_ms') return mode;
  throw invalidShape("'mode' must be all, before_serial or before_time_ms");
}

function bound(body: JsonObject, key: 'before_serial' | 'before_time_ms'): number | null {
  const value = member(body, key) ?? null;
  if (value === null) return null;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalidShape(`'${key}' must be a whole number`);
  }
  return value;
}

const misplaced = (key: string, mode: string) =>
  httpError(
    'invalid_input',
    mode === key ? `${key} is required for mode ${mode}` : `${key} is not allowed for mode ${mode}`,
  );

function requiredString(body: JsonObject, key: string): string {
  const value = member(body, key);
  if (typeof value !== 'string') throw invalidShape(`'${key}' is required and must be a string`);
  return value;
}

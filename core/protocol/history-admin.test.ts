import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import { parseHistoryPurge, parseHistoryReset } from './history-admin.ts';

const confirmation = { confirm_channel: 'room', confirm_operation: 'purge', reason: 'gdpr' };

function status(attempt: () => unknown): number {
  try {
    attempt();
  } catch (error) {
    if (ProtocolError.is(error)) return error.httpStatus;
    throw error;
  }
  return 200;
}

describe('a reset', () => {
  const body = { ...confirmation, confirm_operation: 'reset' };

  it('names its channel, its operation and a reason', () => {
    expect(parseHistoryReset({ ...body, requested_by: 'ops' }, 'room')).toEqual({
      reason: 'gdpr',
      requestedBy: 'ops',
    });
    for (const changes of [{ confirm_channel: 'other' }, { confirm_operation: 'purge' }, { reason: ' ' }]) {
      expect(status(() => parseHistoryReset({ ...body, ...changes }, 'room'))).toBe(400);
    }
    for (const key of ['confirm_channel', 'confirm_operation', 'reason']) {
      expect(status(() => parseHistoryReset({ ...body, [key]: undefined }, 'room'))).toBe(422);
    }
    expect(status(() => parseHistoryReset({ ...body, requested_by: 1 }, 'room'))).toBe(422);
    expect(status(() => parseHistoryReset([], 'room'))).toBe(422);
  });
});

describe('a purge', () => {
  const parse = (changes: object) => parseHistoryPurge({ ...confirmation, ...changes }, 'room');

  it('takes everything, or what lies below one bound', () => {
    expect(parse({ mode: 'all' })).toMatchObject({ mode: 'all', beforeSerial: null, beforeTimeMs: null });
    expect(parse({ mode: 'before_serial', before_serial: 3, before_time_ms: null })).toMatchObject({
      beforeSerial: 3,
      beforeTimeMs: null,
      requestedBy: null,
    });
    expect(parse({ mode: 'before_time_ms', before_time_ms: 5 }).beforeTimeMs).toBe(5);
  });

  it('refuses a bound that its mode does not name, and a mode without its bound', () => {
    for (const changes of [
      { mode: 'all', before_serial: 3 },
      { mode: 'before_serial' },
      { mode: 'before_serial', before_serial: 3, before_time_ms: 4 },
      { mode: 'before_time_ms', before_serial: 3 },
    ]) {
      expect(status(() => parse(changes))).toBe(400);
    }
    for (const changes of [{}, { mode: 'some' }, { mode: 'before_serial', before_serial: -1 }]) {
      expect(status(() => parse(changes))).toBe(422);
    }
  });
});

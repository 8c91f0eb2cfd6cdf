import { describe, expect, it } from 'vitest';
import { ERRORS } from './error-table.ts';
import * as errors from './errors.ts';
import { httpError, httpErrorBody, ProtocolError } from './errors.ts';

describe('the table of errors', () => {
  it.each(Object.entries(ERRORS))('%s has codes in range', (_name, row) => {
    if (row.wsCode !== undefined) expect(row.wsCode).toBeGreaterThanOrEqual(4000);
    if (row.wsCode !== undefined) expect(row.wsCode).toBeLessThan(4400);
    if (row.httpStatus !== undefined) expect(row.httpStatus).toBeGreaterThanOrEqual(400);
    if (row.httpStatus !== undefined) expect(row.httpStatus).toBeLessThan(600);
    expect(row.code).toMatch(/^[a-z_]+$/);
  });
});

describe('ProtocolError', () => {
  it('puts the fixed prefix of its family in front, on a socket only', () => {
    const error = errors.channelError("Unknown channel namespace 'x'");
    expect(error.message).toBe("Channel error: Unknown channel namespace 'x'");
    expect(error.wsCode).toBe(4300);
    expect(httpErrorBody(error)).toEqual({
      error: "Unknown channel namespace 'x'",
      code: 'invalid_input',
      status: 400,
    });
  });

  it.each([
    [errors.authenticationError('t'), 4009, 'Authentication error: t'],
    [errors.invalidMessage('t'), 4000, 'Invalid message format: t'],
    [errors.invalidEventName('t'), 4000, 'Invalid event name: t'],
    [errors.clientEventError('t'), 4301, 'Client event error: t'],
    [errors.protocolError('t'), 4000, 'Protocol error: t'],
    [errors.connectionError('t'), 4000, 'Connection error: t'],
    [errors.internalError('t'), 4000, 'Internal server error: t'],
    [errors.channelNameInvalid('t'), 4300, 'Channel name invalid: t'],
    [errors.overCapacity(), 4100, 'Over capacity'],
    [errors.unknownApp(), 4001, 'Application does not exist'],
    [errors.appDisabled(), 4003, 'Application disabled'],
    [errors.connectionQuota(), 4004, 'Application is over connection quota'],
    [errors.clientEventRate(), 4301, 'Client event rejected due to rate limit'],
    [new ProtocolError('recovery_disabled'), 4301, 'Connection recovery is not enabled'],
    [new ProtocolError('no_recovery_positions'), 4302, 'No channel recovery positions provided'],
    [new ProtocolError('force_reconnect'), 4200, 'Force reconnect requested by the app.'],
    [new ProtocolError('pong_timeout'), 4201, 'Pong reply not received in time'],
  ])('%s', (error, code, message) => {
    expect([error.wsCode, error.message]).toEqual([code, message]);
  });

  it('takes the status of an HTTP code from the table, unless the occurrence says otherwise', () => {
    expect(httpError('app_not_found', 'x').httpStatus).toBe(404);
    expect(httpError('feature_disabled', 'x').httpStatus).toBe(422);
    expect(httpErrorBody(errors.invalidShape('x'))).toEqual({
      error: 'x',
      code: 'invalid_input',
      status: 422,
    });
    expect(httpErrorBody(httpError('mutable_not_permitted', 'no'))).toEqual({
      error: 'no',
      code: 'mutable_not_permitted',
      ai_code: 93002,
      status: 403,
    });
    expect(httpError('payload_too_large', 'x', { aiCode: 40009 }).aiCode).toBe(40009);
  });

  it('is recognised across copies of the package by its marker', () => {
    expect(ProtocolError.is(errors.overCapacity())).toBe(true);
    expect(ProtocolError.is({ [Symbol.for('sockudo.protocol-error')]: true })).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'x', {}])
      expect(ProtocolError.is(other)).toBe(false);
  });

  it('keeps the cause for the log and out of every text', () => {
    const error = errors.internalError('Store failed', new Error('password=hunter2'));
    expect(error.cause).toBeInstanceOf(Error);
    expect(`${error.message} ${JSON.stringify(httpErrorBody(error))}`).not.toContain('hunter2');
  });
});

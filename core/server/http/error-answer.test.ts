import { httpError, ProtocolError } from '@sockudo/protocol';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../ports/index.ts';
import { errorAnswer } from './error-answer.ts';

function answered(error: unknown) {
  const logged: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  return { answer: errorAnswer(error, logger), logged };
}

describe('errorAnswer', () => {
  it.each([
    [httpError('invalid_input', 'no'), 400, '{"error":"no","code":"invalid_input","status":400}'],
    [
      httpError('invalid_input', 'no', { httpStatus: 422 }),
      422,
      '{"error":"no","code":"invalid_input","status":422}',
    ],
    [httpError('not_found', 'gone'), 404, '{"error":"gone","code":"not_found","status":404}'],
    [
      httpError('mutable_not_permitted', 'no'),
      403,
      '{"error":"no","code":"mutable_not_permitted","ai_code":93002,"status":403}',
    ],
    [
      new ProtocolError('channel', 'too long'),
      400,
      '{"error":"too long","code":"invalid_input","status":400}',
    ],
  ])('%s', (error, status, body) => {
    const { answer, logged } = answered(error);
    expect(answer).toEqual({ status, contentType: 'application/json', body });
    expect(logged).toEqual([]);
  });

  it.each([
    [httpError('backpressure', 'in progress'), '1'],
    [httpError('backpressure', 'in progress', { retryAfterSeconds: 7 }), '7'],
    [httpError('rate_limited', 'slow down', { retryAfterSeconds: 3 }), '3'],
  ])('says when to come again: %s', (error, seconds) => {
    expect(answered(error).answer.headers).toEqual([['retry-after', seconds]]);
  });

  it('keeps a cause for the log', () => {
    const { answer, logged } = answered(
      httpError('internal_error', undefined, { cause: new Error('disk full') }),
    );
    expect(answer.body).toBe('{"error":"Internal server error","code":"internal_error","status":500}');
    expect(logged.join()).toContain('disk full');
  });

  it.each([
    [new Error('password=hunter2')],
    [new StoreUnavailable('SQLITE_FULL at /var/lib')],
    ['a text'],
    [undefined],
    [{ httpStatus: 200 }],
  ])('tells a stranger nothing about %s, and the log everything under an id', (failure) => {
    const { answer, logged } = answered(failure);
    expect(answer.status).toBe(500);
    const { error, ...rest } = JSON.parse(String(answer.body));
    expect(rest).toEqual({ code: 'internal_error', status: 500 });
    const id = /^Internal server error \(([0-9a-f]{12})\)$/.exec(error)?.[1];
    expect(JSON.parse(logged[0] ?? '{}').errorId).toBe(id);
  });
});

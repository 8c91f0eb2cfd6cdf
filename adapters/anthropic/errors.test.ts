import Anthropic from '@anthropic-ai/sdk';
import { ModelError } from '@sockudo/ai-transport/model';
import { describe, expect, it } from 'vitest';
import { toModelError } from './errors.ts';

const answer = (status: number, type: string, message = 'Text', headers = {}): unknown =>
  Anthropic.APIError.generate(
    status,
    { type: 'error', error: { type, message } },
    undefined,
    new Headers(headers),
  );

describe('errors of the API', () => {
  it.each([
    [429, 'rate_limit_error', 'rate_limited', true],
    [529, 'overloaded_error', 'overloaded', true],
    [401, 'authentication_error', 'authentication', false],
    [403, 'permission_error', 'authentication', false],
    [402, 'billing_error', 'authentication', false],
    [400, 'invalid_request_error', 'invalid_request', false],
    [404, 'not_found_error', 'invalid_request', false],
    [413, 'request_too_large', 'invalid_request', false],
    [500, 'api_error', 'provider_error', true],
    [504, 'timeout_error', 'overloaded', true],
    [418, 'a_later_word', 'invalid_request', false],
  ])('%d %s is %s', (status, type, code, isRetryable) => {
    expect(toModelError(answer(status, type))).toMatchObject({ code, status, isRetryable });
  });

  it('knows by its words that a conversation is too long', () => {
    const error = answer(400, 'invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum');
    expect(toModelError(error)).toMatchObject({ code: 'context_length' });
  });

  it('says how long to wait', () => {
    expect(toModelError(answer(429, 'rate_limit_error', '', { 'retry-after': '7' }))).toMatchObject({
      retryAfterMs: 7000,
    });
    const wait = answer(529, 'overloaded_error', '', { 'retry-after-ms': '250' });
    expect(toModelError(wait)).toMatchObject({ retryAfterMs: 250 });
  });

  it('calls a lost connection one', () => {
    expect(toModelError(new Anthropic.APIConnectionError({ message: 'x' }))).toMatchObject({
      code: 'connection',
      isRetryable: true,
    });
    expect(toModelError(new TypeError('terminated'))).toMatchObject({ code: 'connection' });
  });

  it('leaves model errors as they are, and keeps the cause of others', () => {
    const error = new ModelError('stalled', 'x');
    expect(toModelError(error)).toBe(error);
    const cause = answer(500, 'api_error');
    expect(toModelError(cause)).toMatchObject({ cause });
    expect(toModelError('odd')).toMatchObject({ code: 'provider_error', cause: 'odd' });
  });
});

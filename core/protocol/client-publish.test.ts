import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseClientMutation,
  parseClientPublish,
  parseClientRequest,
  requestAckFrame,
  requestErrorFrame,
} from './client-publish.ts';
import { clientEventRate, httpError, ProtocolError } from './errors.ts';
import { isJsonObject } from './json.ts';

/** Code and text of the refusal, else null. */
function refusalOf(parse: () => unknown): string | null {
  try {
    parse();
    return null;
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    return `${error.httpStatus} ${error.code}: ${error.message}`;
  }
}

const publish = (change: object) =>
  parseClientPublish({ channel: 'private-x', name: 'client-x', data: 'hi', ...change }, {});
const mutation = (change: object) =>
  parseClientMutation({ channel: 'private-x', action: 'append', message_serial: 's1', data: 'a', ...change });

describe('parseClientRequest', () => {
  it('reads an object and its text alike', () => {
    const body = { request_id: 'r1', channel: 'x' };
    expect(parseClientRequest('sockudo:publish', body)).toEqual({ requestId: 'r1', body });
    expect(parseClientRequest('sockudo:publish', JSON.stringify(body))).toEqual({ requestId: 'r1', body });
  });

  it.each([
    undefined,
    null,
    'text',
    [],
    {},
    { request_id: '' },
    { request_id: 7 },
    { request_id: 'é'.repeat(33) },
  ])('refuses %j', (data) => {
    expect(refusalOf(() => parseClientRequest('sockudo:publish', data))).toBe(
      '400 invalid_input: Invalid message format: sockudo:publish requires data.request_id, 1-64 bytes',
    );
  });
});

describe('parseClientPublish', () => {
  it('reads what the HTTP API reads', () => {
    const { channel, event } = publish({
      data: { a: 1 },
      message_id: 'm1',
      tags: { k: 'v' },
      extras: { echo: false },
    });
    expect(channel).toBe('private-x');
    expect(event).toMatchObject({
      name: 'client-x',
      data: '"{\\"a\\":1}"',
      messageId: 'm1',
      tags: { k: 'v' },
      extras: { echo: false },
    });
  });

  it('leaves out what only a trusted publisher may say', () => {
    const forged = {
      channels: ['private-y'],
      socket_id: '1.1',
      user_id: 'eve',
      info: 'user_count',
      delta: true,
    };
    expect(publish({ ...forged, idempotency_key: 'k', fence: 'f' })).toEqual(publish({}));
  });

  it.each<[object, string]>([
    [{ channel: undefined }, "422 invalid_input: 'channel' must be a string"],
    [{ channel: ['private-x'] }, "422 invalid_input: 'channel' must be a string"],
    [{ name: '' }, '400 invalid_input: Event name is required'],
    [{ name: 7 }, "422 invalid_input: 'name' must be a string"],
    [{ message_id: '' }, '400 invalid_input: message_id must be 1-128 bytes'],
    [{ message_id: 'm'.repeat(129) }, '400 invalid_input: message_id must be 1-128 bytes'],
    [{ extras: { idempotencyKey: '' } }, '400 invalid_input: extras.idempotencyKey must be 1-128 bytes'],
    [{ extras: { push: {} } }, '403 forbidden: extras.push is for trusted publishers'],
    [
      { extras: { headers: { sockudo_action: 'message.delete' } } },
      "400 invalid_input: extras.headers key 'sockudo_action' is reserved",
    ],
    [{ tags: { a: 1 } }, "422 invalid_input: 'tags' must be a map of strings"],
  ])('refuses %j', (change, text) => {
    expect(refusalOf(() => publish(change))).toBe(text);
  });

  it('numbers a reserved header', () => {
    const parse = () => publish({ extras: { headers: { sockudo_x: 1 } } });
    expect(parse).toThrow(expect.objectContaining({ wsCode: 4000, aiCode: 104_000 }));
  });
});

describe('parseClientMutation', () => {
  it('reads the three actions', () => {
    expect(mutation({ op_id: 'o1' })).toEqual({
      channel: 'private-x',
      messageSerial: 's1',
      request: { kind: 'append', data: '"a"', opId: 'o1' },
    });
    expect(mutation({ action: 'update', name: 'client-y' }).request).toMatchObject({
      kind: 'update',
      name: 'client-y',
    });
    expect(mutation({ action: 'delete', clear_fields: ['name'] }).request).toMatchObject({ kind: 'delete' });
  });

  it('believes no identity', () => {
    expect(mutation({ client_id: 'eve', socket_id: '9.9' })).toEqual(mutation({}));
  });

  it.each<[object, string]>([
    [{ action: 'create' }, "422 invalid_input: 'action' must be append, update or delete"],
    [{ action: undefined }, "422 invalid_input: 'action' must be append, update or delete"],
    [{ action: 'constructor' }, "422 invalid_input: 'action' must be append, update or delete"],
    [{ message_serial: 'a b' }, '400 invalid_input: Invalid message serial: 1-128 bytes without whitespace'],
    [{ message_serial: 1 }, "422 invalid_input: 'message_serial' must be a string"],
    [{ data: 5 }, "422 invalid_input: 'data' must be a string"],
    [{ op_id: 'o'.repeat(65) }, '400 invalid_input: op_id must be 1-64 bytes'],
    [
      { extras: { headers: { sockudo_version_serial: 'x' } } },
      "400 invalid_input: extras.headers key 'sockudo_version_serial' is reserved",
    ],
    [{ extras: { push: 1 } }, '403 forbidden: extras.push is for trusted publishers'],
  ])('refuses %j', (change, text) => {
    expect(refusalOf(() => mutation(change))).toBe(text);
  });
});

it('throws nothing but protocol errors', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom('extras', 'data', 'tags', 'channel', 'name', 'action'),
      (value, key) => {
        refusalOf(() => parseClientRequest('x', value));
        refusalOf(() => publish({ [key]: value }));
        refusalOf(() => mutation({ [key]: value }));
        if (isJsonObject(value)) refusalOf(() => parseClientMutation(value));
      },
    ),
  );
});

describe('answers', () => {
  it('carry the id of the request', () => {
    expect(JSON.parse(requestAckFrame('sockudo:publish_ack', 'r"1', '{"channel":"x"}', 'm'))).toEqual({
      event: 'sockudo:publish_ack',
      data: { request_id: 'r"1', channel: 'x' },
      message_id: 'm',
    });
  });

  it('say why not, in numbers and words', () => {
    expect(JSON.parse(requestErrorFrame('r1', httpError('mutable_not_permitted', 'no'), 'm'))).toEqual({
      event: 'sockudo:error',
      data: {
        code: 4000,
        message: 'no',
        ai_code: 93_002,
        request_id: 'r1',
        reason: 'mutable_not_permitted',
        retryable: false,
      },
      message_id: 'm',
    });
    const busy = httpError('backpressure', 'busy', { retryAfterSeconds: 1 });
    expect(JSON.parse(requestErrorFrame('r1', busy))).toMatchObject({
      data: { retryable: true, retry_after: 1 },
    });
    expect(JSON.parse(requestErrorFrame('r1', clientEventRate()))).toMatchObject({
      data: { code: 4301, reason: 'rate_limited', retryable: true },
    });
  });
});

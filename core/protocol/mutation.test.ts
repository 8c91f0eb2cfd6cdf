import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import { mutationAnswer, parseAppend, parseDelete, parseUpdate } from './mutation.ts';

function refusal(attempt: () => unknown): ProtocolError {
  try {
    attempt();
  } catch (error) {
    if (ProtocolError.is(error)) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('an update', () => {
  it('replaces, clears, and says who, why and with what', () => {
    const body = {
      name: 'renamed',
      clear_fields: ['data'],
      extras: { headers: { h: 1 } },
      client_id: 'u-1',
      socket_id: '1.2',
      description: 'typo',
      metadata: { by: ['mod'] },
      op_id: 'op-1',
    };
    expect(parseUpdate(body)).toEqual({
      kind: 'update',
      name: 'renamed',
      clear: new Set(['data']),
      extras: '{"headers":{"h":1}}',
      clientId: 'u-1',
      socketId: '1.2',
      description: 'typo',
      metadata: '{"by":["mod"]}',
      opId: 'op-1',
    });
  });

  it('keeps data of any kind as the string it is, or as its JSON text', () => {
    expect(parseUpdate({ data: 'changed' }).data).toBe('"changed"');
    expect(parseUpdate({ data: { a: 1 } }).data).toBe('"{\\"a\\":1}"');
    expect(parseUpdate({ data: 5 }).data).toBe('"5"');
    expect(parseUpdate({ data: false, name: 'x' }).data).toBe('"false"');
    expect(parseUpdate({ data: null, name: 'x' })).not.toHaveProperty('data');
  });

  it('must change something or say something', () => {
    for (const body of [{}, { data: null }, { clear_fields: [] }, { op_id: 'op' }, { socket_id: '1.1' }]) {
      expect(refusal(() => parseUpdate(body)).detail).toBe(
        'update request must include at least one patch field or operation metadata',
      );
    }
    for (const body of [{ description: '' }, { metadata: 0 }, { client_id: 'u' }, { extras: {} }]) {
      expect(parseUpdate(body).kind).toBe('update');
    }
  });

  it('clears each field once and only what it does not replace', () => {
    const status = (body: unknown) => refusal(() => parseUpdate(body)).httpStatus;
    expect(status({ clear_fields: ['serial'] })).toBe(422);
    expect(status({ clear_fields: 'data' })).toBe(422);
    expect(status({ clear_fields: ['data', 'data'] })).toBe(400);
    expect(status({ clear_fields: ['data'], data: 'x' })).toBe(400);
    expect(status({ clear_fields: ['extras'], extras: {} })).toBe(400);
  });

  it('cannot set the headers that the server sets', () => {
    const extras = { headers: { sockudo_action: 'message.create', sockudo_append_fragment: 'x', h: 'y' } };
    expect(parseUpdate({ extras }).extras).toBe('{"headers":{"h":"y"}}');
    expect(parseUpdate({ extras: { headers: { sockudo_history_serial: 1 } } }).extras).toBe('{}');
  });

  it('has a shape', () => {
    for (const body of [null, [], 'x', { name: 1 }, { client_id: 1 }, { description: {} }, { extras: 1 }]) {
      expect(refusal(() => parseUpdate(body)).httpStatus).toBe(422);
    }
    for (const op_id of ['', 'x'.repeat(65)]) {
      expect(refusal(() => parseUpdate({ data: 'x', op_id })).httpStatus).toBe(400);
    }
  });
});

describe('a delete', () => {
  it('may be empty', () => {
    expect(parseDelete({})).toEqual({ kind: 'delete', clear: new Set() });
    expect(parseDelete({ clear_fields: ['data', 'name'], description: 'gone', name: 'ignored' })).toEqual({
      kind: 'delete',
      clear: new Set(['data', 'name']),
      description: 'gone',
    });
    expect(parseDelete({ data: 'removed' }).data).toBe('"removed"');
  });
});

describe('an append', () => {
  it('is a string', () => {
    expect(parseAppend({ data: ' "two"' })).toEqual({ kind: 'append', data: '" \\"two\\""' });
    for (const data of [5, { a: 1 }, null, undefined, ['x']]) {
      expect(refusal(() => parseAppend({ data })).httpStatus).toBe(422);
    }
  });

  it('is empty only where it ends a stream', () => {
    expect(refusal(() => parseAppend({ data: '' })).detail).toBe('append request data must not be empty');
    const streaming = { ai: { transport: { status: 'streaming' } } };
    expect(refusal(() => parseAppend({ data: '', extras: streaming })).httpStatus).toBe(400);
    for (const ai of [{ transport: { status: 'complete' } }, { codec: { status: 'cancelled' } }]) {
      expect(parseAppend({ data: '', extras: { ai } }).data).toBe('""');
    }
  });
});

it('is answered with its serials', () => {
  const ack = {
    channel: 'room',
    messageSerial: 'm',
    action: 'append',
    versionSerial: 'v',
    historySerial: 4,
    deliverySerial: 9,
  } as const;
  expect(mutationAnswer(ack, 'duplicate')).toBe(
    '{"channel":"room","message_serial":"m","action":"append","accepted":true,"version_serial":"v",' +
      '"history_serial":4,"delivery_serial":9,"status":"duplicate"}',
  );
});

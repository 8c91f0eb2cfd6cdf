import { parseAppend, parseDelete, parseUpdate } from '@sockudo/protocol';
import { describe, expect, it } from 'vitest';
import type { MessageState } from '../ports/message-log.ts';
import { applyMutation } from './apply-mutation.ts';

function state(changes: Partial<MessageState> = {}, data: string | null = '"hello"'): MessageState {
  return {
    messageSerial: 'm',
    versionSerial: 'm',
    historySerial: 1,
    deliverySerial: 1,
    action: 'create',
    event: 'chat',
    extras: '{"headers":{"h":1}}',
    createdAtMs: 1,
    versionAtMs: 1,
    dataKind: data === null ? 'none' : 'string',
    dataBytes: data?.length ?? 0,
    appendCount: 0,
    data: () => data,
    ...changes,
  };
}

describe('an update', () => {
  it('replaces what it names and keeps the rest', () => {
    expect(applyMutation(state(), parseUpdate({ data: 'new', description: 'why', client_id: 'u' }))).toEqual({
      action: 'update',
      event: 'chat',
      data: '"new"',
      extras: '{"headers":{"h":1}}',
      description: 'why',
      userId: 'u',
    });
    expect(applyMutation(state(), parseUpdate({ name: 'other', metadata: { a: 1 } }))).toMatchObject({
      event: 'other',
      data: '"hello"',
      metadata: '{"a":1}',
    });
  });

  it('replaces extras whole', () => {
    expect(applyMutation(state(), parseUpdate({ extras: { echo: true } })).extras).toBe('{"echo":true}');
  });

  it('clears what it names', () => {
    const cleared = applyMutation(state(), parseUpdate({ clear_fields: ['name', 'data', 'extras'] }));
    expect(cleared).toEqual({ action: 'update', event: null, data: null });
    const again = state({ event: null }, null);
    expect(applyMutation(again, parseUpdate({ data: 'back' }))).toMatchObject({
      event: null,
      data: '"back"',
    });
  });
});

describe('a delete', () => {
  it('keeps everything it does not clear or replace', () => {
    expect(applyMutation(state(), parseDelete({}))).toEqual({
      action: 'delete',
      event: 'chat',
      data: '"hello"',
      extras: '{"headers":{"h":1}}',
    });
    expect(applyMutation(state(), parseDelete({ clear_fields: ['data'] })).data).toBeNull();
    expect(applyMutation(state(), parseDelete({ data: 'removed' })).data).toBe('"removed"');
  });
});

describe('an append', () => {
  it('is its fragment, without a look at the text before it', () => {
    const unread = state({
      data: () => {
        throw new Error('read');
      },
    });
    expect(applyMutation(unread, parseAppend({ data: ' world' }))).toEqual({
      action: 'append',
      event: 'chat',
      data: '" world"',
      extras: '{"headers":{"h":1}}',
    });
    expect(applyMutation(unread, parseAppend({ data: '!', extras: { echo: false } })).extras).toBe(
      '{"echo":false}',
    );
  });

  it.each(['other', 'none'] as const)('is refused where the data is %s', (dataKind) => {
    expect(() => applyMutation(state({ dataKind }), parseAppend({ data: 'x' }))).toThrow('to be a string');
  });
});

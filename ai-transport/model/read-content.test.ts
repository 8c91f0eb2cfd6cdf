import { describe, expect, it } from 'vitest';
import type { Content, ContentPart } from './content.ts';
import { contentOf } from './read-content.ts';

const read = (...parts: readonly ContentPart[]): readonly Content[] => contentOf({ parts });

describe('the content of a message', () => {
  it.each<[string, ContentPart, Content | undefined]>([
    [
      'text that grows',
      { codec: { type: 'text-start' }, text: 'a', status: 'streaming' },
      { type: 'text', text: 'a' },
    ],
    [
      'an input of a user',
      { codec: {}, text: '{"folder":1}', isInput: true },
      { type: 'text', text: '{"folder":1}' },
    ],
    ['an input as agents have it', { codec: {}, data: '42', type: 'input' }, { type: 'text', text: '42' }],
    ['an output that is no text', { codec: {}, data: '{"x":1}', type: 'output' }, undefined],
    ['an output of an unknown type', { codec: { type: 'note' }, data: 'x' }, undefined],
    [
      'reasoning with its signature',
      { codec: { type: 'reasoning-end', providerMetadata: '{"p":{"s":1}}' }, data: 'Hm' },
      { type: 'reasoning', text: 'Hm', metadata: { p: { s: 1 } } },
    ],
    [
      'metadata that is none',
      { codec: { type: 'text-end', providerMetadata: '{"p' }, data: 'Hm' },
      { type: 'text', text: 'Hm' },
    ],
    [
      'a call that was cut off',
      {
        codec: { type: 'tool-input-available', 'tool-call-id': 'c', 'tool-name': 't' },
        data: '{"a',
        status: 'cancelled',
      },
      {
        type: 'tool-call',
        toolCallId: 'c',
        toolName: 't',
        inputText: '{"a',
        providerExecuted: false,
        isComplete: false,
      },
    ],
    ['a call of nobody', { codec: { type: 'tool-input-available' }, data: '{}' }, undefined],
    [
      'a result',
      { codec: { type: 'tool-output-available', 'tool-call-id': 'c' }, data: '{"mm":3}' },
      { type: 'tool-output', toolCallId: 'c', output: { mm: 3 }, isError: false, providerExecuted: false },
    ],
    [
      'a failed tool',
      { codec: { type: 'tool-output-error', 'tool-call-id': 'c' }, data: '{"errorText":"no"}' },
      { type: 'tool-output', toolCallId: 'c', output: 'no', isError: true, providerExecuted: false },
    ],
    [
      'a result of a user, in the headers',
      { codec: { type: 'tool-result', toolCallId: 'c' }, text: '{"output":5}', isInput: true },
      { type: 'tool-output', toolCallId: 'c', output: 5, isError: false, providerExecuted: false },
    ],
    [
      'an approval, as sessions of Sockudo say it',
      {
        codec: {},
        text: '{"type":"tool-approval-response","toolCallId":"c","approved":true,"approvalId":"a"}',
        isInput: true,
      },
      { type: 'tool-approval-response', toolCallId: 'c', approved: true, approvalId: 'a' },
    ],
    [
      'a refusal, in the headers',
      {
        codec: { type: 'tool-approval-response', 'tool-call-id': 'c', approved: 'false', reason: 'no' },
        text: '{"approved":true}',
      },
      { type: 'tool-approval-response', toolCallId: 'c', approved: false, reason: 'no' },
    ],
    [
      'a source',
      { codec: { type: 'source-url', 'source-id': 's', title: 'T' }, text: 'https://e.example' },
      { type: 'source', sourceId: 's', kind: 'url', url: 'https://e.example', title: 'T' },
    ],
    [
      'usage',
      { codec: { type: 'message-metadata' }, text: '{"messageMetadata":{"usage":{"inputTokens":1}}}' },
      { type: 'usage', usage: { inputTokens: 1 } },
    ],
    [
      'the end of a step',
      { codec: { type: 'finish-step' }, text: '{"reason":"refusal","rawReason":"r"}' },
      { type: 'finish', reason: 'refusal', rawReason: 'r', isStep: true },
    ],
    [
      'an end in words of others',
      { codec: { type: 'finish', 'finish-reason': 'error' }, text: '' },
      { type: 'finish', reason: 'other', isStep: false },
    ],
    [
      'what is kept of a provider',
      { codec: { type: 'data-provider-event' }, text: '{"provider":"p","name":"n","data":[1]}' },
      { type: 'provider', provider: 'p', name: 'n', data: [1] },
    ],
    [
      'data',
      { codec: { type: 'data-weather', id: '1' }, text: '{"a":1}' },
      { type: 'data', name: 'weather', data: { a: 1 }, id: '1' },
    ],
    [
      'data whose name ends like a word of a stream',
      { codec: { type: 'data-state-delta' }, text: '[1]' },
      { type: 'data', name: 'state-delta', data: [1] },
    ],
  ])('reads %s', (_, part, expected) => {
    expect(read(part)).toEqual(expected === undefined ? [] : [expected]);
  });

  it('takes a message of the AI SDK apart', () => {
    const parts = [
      { type: 'text', text: 'look' },
      { type: 'file', url: 'data:image/png;base64,AA==', mediaType: 'image/png', filename: 'a.png' },
      { type: 'step-start' },
    ];
    expect(
      read({ codec: {}, data: JSON.stringify({ id: 'u', role: 'user', parts }), type: 'input' }),
    ).toEqual([
      { type: 'text', text: 'look' },
      { type: 'file', url: 'data:image/png;base64,AA==', mediaType: 'image/png', filename: 'a.png' },
    ]);
  });

  it('gives metadata that came apart to its piece, and to nothing else', () => {
    const text = { codec: { type: 'text-end', id: '1' }, data: 'a' };
    const reasoning = { codec: { type: 'reasoning-end', id: '2' }, data: 'b' };
    const metadata = { codec: { type: 'data-provider-metadata', id: '2' }, data: '{"p":{"x":1}}' };
    const nobodys = { codec: { type: 'data-provider-metadata', id: '3' }, data: '{"p":{"x":1}}' };
    expect(read(text, reasoning, metadata, nobodys)).toEqual([
      { type: 'text', text: 'a' },
      { type: 'reasoning', text: 'b', metadata: { p: { x: 1 } } },
    ]);
  });
});

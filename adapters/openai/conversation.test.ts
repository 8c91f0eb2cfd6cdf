// What a conversation is given back as, to both APIs.
import type { Content, ModelMessage } from '@sockudo/ai-transport/model';
import { describe, expect, it } from 'vitest';
import { toChatMessages } from './chat-messages.ts';
import { toResponsesInput } from './responses-input.ts';

const user = (...content: readonly Content[]): ModelMessage => ({ role: 'user', content });
const assistant = (...content: readonly Content[]): ModelMessage => ({ role: 'assistant', content });
const text = (words: string, metadata?: object): Content =>
  // CAST: whatever a test gives.
  ({
    type: 'text',
    text: words,
    ...(metadata !== undefined && { metadata: { openai: metadata } }),
  }) as Content;
const thought = (words: string, metadata?: object): Content =>
  ({
    type: 'reasoning',
    text: words,
    ...(metadata !== undefined && { metadata: { openai: metadata } }),
  }) as Content;
const call = (toolCallId: string, inputText: string, more: object = {}): Content => ({
  type: 'tool-call',
  toolCallId,
  toolName: 't',
  inputText,
  providerExecuted: false,
  isComplete: true,
  ...more,
});
const output = (toolCallId: string, value: unknown): Content => ({
  type: 'tool-output',
  toolCallId,
  output: value,
  isError: false,
  providerExecuted: false,
});
const picture: Content = { type: 'file', mediaType: 'image/png', url: 'https://e.example/a.png' };
const paper: Content = {
  type: 'file',
  mediaType: 'application/pdf',
  url: 'data:application/pdf;base64,AA==',
  filename: 'a.pdf',
};
const sound: Content = { type: 'file', mediaType: 'audio/wav', url: 'data:audio/wav;base64,AA==' };

describe('messages of Chat Completions', () => {
  it('hold texts, calls and results', () => {
    expect(
      toChatMessages([
        { role: 'system', content: [text('Be kind')] },
        user(text('Hi')),
        assistant(
          thought('Hm'),
          text('Let me see'),
          call('1', '{"a":1}'),
          call('2', '{"b'),
          output('1', { x: 1 }),
          output('2', 'bad'),
        ),
        assistant(text('Done')),
      ]),
    ).toEqual([
      { role: 'system', content: 'Be kind' },
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: 'Let me see',
        tool_calls: [
          { id: '1', type: 'function', function: { name: 't', arguments: '{"a":1}' } },
          { id: '2', type: 'function', function: { name: 't', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: '1', content: '{"x":1}' },
      { role: 'tool', tool_call_id: '2', content: 'bad' },
      { role: 'assistant', content: 'Done' },
    ]);
  });

  it('hold what else belongs to a call or a thought, and thoughts where they are wanted', () => {
    const fields = { extra_content: { google: { thought_signature: 's' } } };
    const conversation = [
      assistant(
        thought('Hm', { reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] }),
        call('1', '{}', { metadata: { openai: { fields } } }),
      ),
    ];
    const [message] = toChatMessages(conversation, { reasoningField: 'reasoning_content' });
    expect(message).toEqual({
      role: 'assistant',
      content: null,
      reasoning_content: 'Hm',
      reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }],
      tool_calls: [{ ...fields, id: '1', type: 'function', function: { name: 't', arguments: '{}' } }],
    });
    expect(toChatMessages(conversation)[0]).not.toHaveProperty('reasoning_content');
  });

  it('hold what a user attached', () => {
    expect(toChatMessages([user(text('Look'), picture, paper, sound)])).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'image_url', image_url: { url: 'https://e.example/a.png' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } },
          { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
        ],
      },
    ]);
  });

  it('leave out a turn of which nothing can be given', () => {
    expect(toChatMessages([user(text('Hi')), assistant(thought('Hm'))])).toEqual([
      { role: 'user', content: 'Hi' },
    ]);
  });
});

describe('input of the Responses API', () => {
  const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' };
  const conversation = [
    user(text('Hi'), picture, paper),
    assistant(
      thought('First'),
      thought('Then', { itemId: 'rs_1', encryptedContent: 'sealed' }),
      thought('', { itemId: 'rs_2' }),
      call('ws_1', '{}', { providerExecuted: true, metadata: { openai: { item: search } } }),
      text('So', { itemId: 'msg_1', phase: 'commentary' }),
      call('1', '{"a":1}', { metadata: { openai: { itemId: 'fc_1' } } }),
      call('2', 'free text', { metadata: { openai: { itemId: 'ct_1', isCustom: true } } }),
      output('1', { x: 1 }),
      output('2', 'y'),
    ),
  ];

  it('holds items as they are stored', () => {
    expect(toResponsesInput(conversation)).toEqual([
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'Hi' },
          { type: 'input_image', image_url: 'https://e.example/a.png', detail: 'auto' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' },
        ],
      },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [
          { type: 'summary_text', text: 'First' },
          { type: 'summary_text', text: 'Then' },
        ],
        encrypted_content: 'sealed',
      },
      { type: 'reasoning', id: 'rs_2', summary: [] },
      search,
      {
        type: 'message',
        role: 'assistant',
        id: 'msg_1',
        status: 'completed',
        content: [{ type: 'output_text', text: 'So', annotations: [] }],
        phase: 'commentary',
      },
      { type: 'function_call', id: 'fc_1', call_id: '1', name: 't', arguments: '{"a":1}' },
      { type: 'custom_tool_call', id: 'ct_1', call_id: '2', name: 't', input: 'free text' },
      { type: 'function_call_output', call_id: '1', output: '{"x":1}' },
      { type: 'custom_tool_call_output', call_id: '2', output: 'y' },
    ]);
  });

  it('holds no ids where nothing is stored, and only reasoning that is sealed', () => {
    expect(toResponsesInput(conversation, { isStored: false }).slice(1)).toEqual([
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [
          { type: 'summary_text', text: 'First' },
          { type: 'summary_text', text: 'Then' },
        ],
        encrypted_content: 'sealed',
      },
      { type: 'message', role: 'assistant', content: 'So', phase: 'commentary' },
      { type: 'function_call', call_id: '1', name: 't', arguments: '{"a":1}' },
      { type: 'custom_tool_call', call_id: '2', name: 't', input: 'free text' },
      { type: 'function_call_output', call_id: '1', output: '{"x":1}' },
      { type: 'custom_tool_call_output', call_id: '2', output: 'y' },
    ]);
  });

  it('holds no reasoning that leads to nothing, nor any of other models', () => {
    expect(
      toResponsesInput([
        assistant(thought('other'), text('A')),
        user(text('B')),
        assistant(thought('cut', { itemId: 'rs_1' })),
      ]),
    ).toEqual([
      { type: 'message', role: 'assistant', content: 'A' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'B' }] },
    ]);
  });
});

// Streams of Chat Completions, in the form that OpenAI documents, and what they say.
import type { ModelEvent } from '@sockudo/ai-transport/model';
import type { AdapterUnderTest } from '../../../ai-transport/model/testing/adapter.contract.ts';

const ID = 'chatcmpl-1';
const RESPONSE: ModelEvent = { type: 'response', provider: 'openai', id: ID, model: 'm-1' };

const chunk = (fields: object): string =>
  `data: ${JSON.stringify({ id: ID, object: 'chat.completion.chunk', created: 1, model: 'm-1', ...fields })}\n\n`;
export const delta = (fields: object, finish: string | null = null, more: object = {}): string =>
  chunk({ choices: [{ index: 0, delta: fields, finish_reason: finish, ...more }], usage: null });
const ROLE = delta({ role: 'assistant', content: '' });
const DONE = 'data: [DONE]\n\n';
export const stream = (...chunks: readonly string[]): string => [ROLE, ...chunks, DONE].join('');

const USAGE = {
  prompt_tokens: 9,
  completion_tokens: 4,
  total_tokens: 13,
  prompt_tokens_details: { cached_tokens: 2 },
  completion_tokens_details: { reasoning_tokens: 1 },
};

const callPiece = (index: number, input: string, id?: string, name?: string): string =>
  delta({
    tool_calls: [
      {
        index,
        ...(id !== undefined && { id, type: 'function' }),
        function: { ...(name !== undefined && { name }), arguments: input },
      },
    ],
  });

const start = (toolCallId: string, toolName: string): ModelEvent => ({
  type: 'tool-input-start',
  toolCallId,
  toolName,
});
const input = (toolCallId: string, text: string): ModelEvent => ({
  type: 'tool-input-delta',
  toolCallId,
  text,
});
const end = (toolCallId: string, toolName: string, inputText: string): ModelEvent => ({
  type: 'tool-input-end',
  toolCallId,
  toolName,
  inputText,
});
const text = (id: string, ...texts: readonly string[]): ModelEvent[] => [
  { type: 'text-start', id },
  ...texts.map((each): ModelEvent => ({ type: 'text-delta', id, text: each })),
  { type: 'text-end', id },
];

export const CHAT_FIXTURES: AdapterUnderTest['fixtures'] = {
  text: {
    body: stream(
      delta({ content: 'Grüße' }),
      delta({ content: ' 👋\n\n' }),
      delta({ content: 'data: x' }),
      delta({}, 'stop'),
      chunk({ choices: [], usage: USAGE }),
    ),
    events: [
      RESPONSE,
      ...text('0', 'Grüße', ' 👋\n\n', 'data: x'),
      { type: 'finish', reason: 'stop', rawReason: 'stop' },
      {
        type: 'usage',
        usage: {
          inputTokens: 9,
          outputTokens: 4,
          reasoningTokens: 1,
          cachedInputTokens: 2,
          totalTokens: 13,
          raw: USAGE,
        },
      },
    ],
  },
  reasoning: {
    body: stream(
      delta({ reasoning_content: 'Hm' }),
      delta({ reasoning: ', so', reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] }),
      delta({ content: 'Yes' }, 'stop'),
    ),
    events: [
      RESPONSE,
      { type: 'reasoning-start', id: '0' },
      { type: 'reasoning-delta', id: '0', text: 'Hm' },
      { type: 'reasoning-delta', id: '0', text: ', so' },
      {
        type: 'reasoning-end',
        id: '0',
        metadata: { openai: { reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] } },
      },
      ...text('1', 'Yes'),
      { type: 'finish', reason: 'stop', rawReason: 'stop' },
    ],
  },
  'one tool call': {
    body: stream(
      delta({ content: 'Let me see' }),
      callPiece(0, '', 'call_1', 'weather'),
      callPiece(0, '{"in":'),
      callPiece(0, '"Köln"}'),
      delta({}, 'tool_calls'),
    ),
    events: [
      RESPONSE,
      ...text('0', 'Let me see'),
      start('call_1', 'weather'),
      input('call_1', '{"in":'),
      input('call_1', '"Köln"}'),
      end('call_1', 'weather', '{"in":"Köln"}'),
      { type: 'finish', reason: 'tool-calls', rawReason: 'tool_calls' },
    ],
  },
  'parallel tool calls': {
    body: stream(
      callPiece(0, '', 'call_1', 'a'),
      callPiece(0, '{}'),
      callPiece(1, '', 'call_2', 'b'),
      callPiece(1, '{"x":1}'),
      delta({}, 'tool_calls'),
    ),
    events: [
      RESPONSE,
      start('call_1', 'a'),
      input('call_1', '{}'),
      start('call_2', 'b'),
      input('call_2', '{"x":1}'),
      end('call_1', 'a', '{}'),
      end('call_2', 'b', '{"x":1}'),
      { type: 'finish', reason: 'tool-calls', rawReason: 'tool_calls' },
    ],
  },
  citations: {
    body: stream(
      delta({
        content: 'So',
        annotations: [
          {
            type: 'url_citation',
            url_citation: { url: 'https://e.example', title: 'E', start_index: 0, end_index: 2 },
          },
        ],
      }),
      delta({}, 'stop'),
    ),
    events: [
      RESPONSE,
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', text: 'So' },
      { type: 'source', sourceId: 's0', kind: 'url', url: 'https://e.example', title: 'E' },
      { type: 'text-end', id: '0' },
      { type: 'finish', reason: 'stop', rawReason: 'stop' },
    ],
  },
  refusal: {
    body: stream(delta({ refusal: 'I can' }), delta({ refusal: 'not.' }), delta({}, 'stop')),
    events: [
      RESPONSE,
      ...text('0', 'I can', 'not.'),
      { type: 'finish', reason: 'refusal', rawReason: 'stop' },
    ],
  },
  length: {
    body: stream(callPiece(0, '{"in":"K', 'call_1', 'weather'), delta({}, 'length')),
    events: [
      RESPONSE,
      start('call_1', 'weather'),
      input('call_1', '{"in":"K'),
      { type: 'finish', reason: 'length', rawReason: 'length' },
    ],
  },
  'unknown events': {
    body: [
      ': a comment\n\n',
      'event: ping\ndata: {"object":"ping"}\n\n',
      stream(
        delta({ content: 'Hi', audio: { id: 'a' } }, null, { native_finish_reason: null }),
        chunk({
          provider: 'P',
          choices: [{ index: 0, delta: {}, finish_reason: 'eos', native_finish_reason: 'e' }],
        }),
      ),
    ].join(''),
    events: [
      { type: 'provider', provider: 'openai', name: 'ping', data: { object: 'ping' } },
      RESPONSE,
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', text: 'Hi' },
      { type: 'provider', provider: 'openai', name: 'delta', data: { audio: { id: 'a' } } },
      { type: 'text-end', id: '0' },
      { type: 'finish', reason: 'other', rawReason: 'eos' },
      {
        type: 'provider',
        provider: 'openai',
        name: 'chunk',
        data: { provider: 'P', native_finish_reason: 'e' },
      },
    ],
  },
  empty: {
    body: stream(delta({}, 'stop')),
    events: [RESPONSE, { type: 'finish', reason: 'stop', rawReason: 'stop' }],
  },
};

export const CHAT_FAILING: AdapterUnderTest['failing'] = {
  body: [
    ROLE,
    delta({ content: 'So' }),
    'data: {"error":{"message":"The server had an error","type":"server_error","code":null}}\n\n',
  ].join(''),
  events: [RESPONSE, { type: 'text-start', id: '0' }, { type: 'text-delta', id: '0', text: 'So' }],
  code: 'provider_error',
};

export const refusal = (status: number): string =>
  JSON.stringify({ error: { message: `refused ${status}`, type: 'some_error', code: null, param: null } });

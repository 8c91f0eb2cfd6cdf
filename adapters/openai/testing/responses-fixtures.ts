// Streams of the Responses API, in the form that OpenAI documents, and what they say.
import type { ModelEvent } from '@sockudo/ai-transport/model';
import type { AdapterUnderTest } from '../../../ai-transport/model/testing/adapter.contract.ts';

const ID = 'resp_1';
const RESPONSE: ModelEvent = { type: 'response', provider: 'openai', id: ID, model: 'm-1' };

type Event = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Numbered from 0. */
export const events = (...all: readonly Event[]): readonly Event[] =>
  all.map((event, index) => ({ ...event, sequence_number: index }));
export const text = (all: readonly Event[]): string =>
  all.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

const response = (status: string, more: object = {}) => ({
  id: ID,
  model: 'm-1',
  object: 'response',
  status,
  ...more,
});
const CREATED: Event = { type: 'response.created', response: response('in_progress') };
const USAGE = {
  input_tokens: 9,
  input_tokens_details: { cached_tokens: 2 },
  output_tokens: 4,
  output_tokens_details: { reasoning_tokens: 1 },
  total_tokens: 13,
};
const COMPLETED: Event = { type: 'response.completed', response: response('completed') };
export const stream = (...all: readonly Event[]): string =>
  text(events(CREATED, { type: 'response.in_progress', response: response('in_progress') }, ...all));

const added = (item: object, output = 0): Event => ({
  type: 'response.output_item.added',
  output_index: output,
  item,
});
const done = (item: object, output = 0): Event => ({
  type: 'response.output_item.done',
  output_index: output,
  item,
});
const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
const MESSAGE = { type: 'message', id: 'msg_1', role: 'assistant', status: 'in_progress', content: [] };
const said = (...deltas: readonly string[]): readonly Event[] => [
  added(MESSAGE),
  { type: 'response.content_part.added', ...at, part: { type: 'output_text', text: '', annotations: [] } },
  ...deltas.map((delta): Event => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
];
const saidDone = (whole: string): readonly Event[] => [
  { type: 'response.output_text.done', ...at, text: whole, logprobs: [] },
  { type: 'response.content_part.done', ...at, part: { type: 'output_text', text: whole } },
  done({ ...MESSAGE, status: 'completed' }),
];

const TEXT = 'msg_1/0';
const textEvents = (...deltas: readonly string[]): readonly ModelEvent[] => [
  { type: 'text-start', id: TEXT },
  ...deltas.map((delta): ModelEvent => ({ type: 'text-delta', id: TEXT, text: delta })),
];
const TEXT_END: ModelEvent = { type: 'text-end', id: TEXT, metadata: { openai: { itemId: 'msg_1' } } };
const finish = (reason: 'stop' | 'tool-calls' | 'refusal'): ModelEvent => ({
  type: 'finish',
  reason,
  rawReason: 'completed',
});

const callItem = (n: number, input: string) => ({
  type: 'function_call',
  id: `fc_${n}`,
  call_id: `call_${n}`,
  name: 'weather',
  arguments: input,
});
const callDelta = (n: number, delta: string): Event => ({
  type: 'response.function_call_arguments.delta',
  item_id: `fc_${n}`,
  output_index: n,
  delta,
});
const callEvents = (n: number, ...deltas: readonly string[]): readonly ModelEvent[] => [
  { type: 'tool-input-start', toolCallId: `call_${n}`, toolName: 'weather' },
  ...deltas.map((delta): ModelEvent => ({ type: 'tool-input-delta', toolCallId: `call_${n}`, text: delta })),
];
const callEnd = (n: number, inputText: string): ModelEvent => ({
  type: 'tool-input-end',
  toolCallId: `call_${n}`,
  toolName: 'weather',
  inputText,
  metadata: { openai: { itemId: `fc_${n}` } },
});

const SEARCH = {
  type: 'web_search_call',
  id: 'ws_1',
  status: 'completed',
  action: { type: 'search', query: 'q' },
};

export const RESPONSES_FIXTURES: AdapterUnderTest['fixtures'] = {
  text: {
    body: stream(...said('Grüße', ' 👋'), ...saidDone('Grüße 👋'), {
      type: 'response.completed',
      response: response('completed', { usage: USAGE }),
    }),
    events: [
      RESPONSE,
      ...textEvents('Grüße', ' 👋'),
      TEXT_END,
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
      finish('stop'),
    ],
  },
  reasoning: {
    body: stream(
      added({ type: 'reasoning', id: 'rs_1', summary: [] }),
      { type: 'response.reasoning_summary_part.added', item_id: 'rs_1', output_index: 0, summary_index: 0 },
      { type: 'response.reasoning_summary_text.delta', item_id: 'rs_1', summary_index: 0, delta: 'First' },
      { type: 'response.reasoning_summary_text.done', item_id: 'rs_1', summary_index: 0, text: 'First' },
      { type: 'response.reasoning_summary_text.delta', item_id: 'rs_1', summary_index: 1, delta: 'Then' },
      done({ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' }),
      added({ type: 'reasoning', id: 'rs_2', summary: [] }, 1),
      done({ type: 'reasoning', id: 'rs_2', summary: [] }, 1),
      COMPLETED,
    ),
    events: [
      RESPONSE,
      { type: 'reasoning-start', id: 'rs_1/summary/0' },
      { type: 'reasoning-delta', id: 'rs_1/summary/0', text: 'First' },
      { type: 'reasoning-end', id: 'rs_1/summary/0' },
      { type: 'reasoning-start', id: 'rs_1/summary/1' },
      { type: 'reasoning-delta', id: 'rs_1/summary/1', text: 'Then' },
      {
        type: 'reasoning-end',
        id: 'rs_1/summary/1',
        metadata: { openai: { itemId: 'rs_1', encryptedContent: 'sealed' } },
      },
      { type: 'reasoning-start', id: 'rs_2' },
      { type: 'reasoning-end', id: 'rs_2', metadata: { openai: { itemId: 'rs_2' } } },
      finish('stop'),
    ],
  },
  'one tool call': {
    body: stream(
      added(callItem(0, '')),
      callDelta(0, '{"in":'),
      callDelta(0, '"Köln"}'),
      {
        type: 'response.function_call_arguments.done',
        item_id: 'fc_0',
        output_index: 0,
        arguments: '{"in":"Köln"}',
      },
      done(callItem(0, '{"in":"Köln"}')),
      COMPLETED,
    ),
    events: [
      RESPONSE,
      ...callEvents(0, '{"in":', '"Köln"}'),
      callEnd(0, '{"in":"Köln"}'),
      finish('tool-calls'),
    ],
  },
  'parallel tool calls': {
    body: stream(
      added(callItem(0, '')),
      added(callItem(1, ''), 1),
      callDelta(1, '{}'),
      callDelta(0, '[]'),
      done(callItem(1, '{}'), 1),
      done(callItem(0, '[]')),
      COMPLETED,
    ),
    events: [
      RESPONSE,
      ...callEvents(0),
      ...callEvents(1, '{}'),
      { type: 'tool-input-delta', toolCallId: 'call_0', text: '[]' },
      callEnd(1, '{}'),
      callEnd(0, '[]'),
      finish('tool-calls'),
    ],
  },
  citations: {
    body: stream(
      added({ ...SEARCH, status: 'in_progress' }, 1),
      { type: 'response.web_search_call.searching', item_id: 'ws_1', output_index: 1 },
      done(SEARCH, 1),
      ...said('So'),
      {
        type: 'response.output_text.annotation.added',
        ...at,
        annotation_index: 0,
        annotation: {
          type: 'url_citation',
          url: 'https://e.example',
          title: 'E',
          start_index: 0,
          end_index: 2,
        },
      },
      {
        type: 'response.output_text.annotation.added',
        ...at,
        annotation_index: 1,
        annotation: { type: 'file_citation', file_id: 'file_1', filename: 'a.pdf', index: 1 },
      },
      ...saidDone('So'),
      COMPLETED,
    ),
    events: [
      RESPONSE,
      { type: 'tool-input-start', toolCallId: 'ws_1', toolName: 'web_search', providerExecuted: true },
      {
        type: 'tool-input-end',
        toolCallId: 'ws_1',
        toolName: 'web_search',
        inputText: '{"action":{"type":"search","query":"q"}}',
        metadata: { openai: { item: SEARCH } },
      },
      { type: 'tool-output', toolCallId: 'ws_1', output: { status: 'completed' }, providerExecuted: true },
      ...textEvents('So'),
      { type: 'source', kind: 'url', sourceId: 's0', title: 'E', url: 'https://e.example' },
      {
        type: 'source',
        kind: 'document',
        sourceId: 's1',
        title: 'a.pdf',
        metadata: { openai: { fileId: 'file_1' } },
      },
      TEXT_END,
      finish('stop'),
    ],
  },
  refusal: {
    body: stream(
      added(MESSAGE),
      { type: 'response.refusal.delta', ...at, delta: 'I can' },
      { type: 'response.refusal.delta', ...at, delta: 'not.' },
      { type: 'response.refusal.done', ...at, refusal: 'I cannot.' },
      COMPLETED,
    ),
    events: [RESPONSE, ...textEvents('I can', 'not.'), TEXT_END, finish('refusal')],
  },
  length: {
    body: stream(...said('So'), {
      type: 'response.incomplete',
      response: response('incomplete', { incomplete_details: { reason: 'max_output_tokens' } }),
    }),
    events: [
      RESPONSE,
      ...textEvents('So'),
      { type: 'text-end', id: TEXT },
      { type: 'finish', reason: 'length', rawReason: 'max_output_tokens' },
    ],
  },
  'unknown events': {
    body: stream(
      { type: 'response.dream.delta', delta: 'x' },
      done({ type: 'mcp_list_tools', id: 'mcpl_1', tools: [] }),
      COMPLETED,
    ),
    events: [
      RESPONSE,
      {
        type: 'provider',
        provider: 'openai',
        name: 'response.dream.delta',
        data: { type: 'response.dream.delta', delta: 'x', sequence_number: 2 },
      },
      {
        type: 'provider',
        provider: 'openai',
        name: 'item.mcp_list_tools',
        data: { type: 'mcp_list_tools', id: 'mcpl_1', tools: [] },
      },
      finish('stop'),
    ],
  },
  empty: { body: stream(COMPLETED), events: [RESPONSE, finish('stop')] },
};

export const RESPONSES_FAILING: AdapterUnderTest['failing'] = {
  body: stream(...said('So'), {
    type: 'response.failed',
    response: response('failed', { error: { code: 'rate_limit_exceeded', message: 'Slow down' } }),
  }),
  events: [RESPONSE, ...textEvents('So'), { type: 'text-end', id: TEXT }],
  code: 'rate_limited',
};

/** An answer in several pieces, for whoever takes it up in the middle. */
export const LONG: readonly Event[] = events(
  CREATED,
  ...said('a', 'b', 'c', 'd'),
  ...saidDone('abcd'),
  COMPLETED,
);

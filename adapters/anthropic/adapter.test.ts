// The adapter against the suite that all of them run: the real client package over HTTP, cut everywhere.
import Anthropic from '@anthropic-ai/sdk';
import type { ModelEvent } from '@sockudo/ai-transport/model';
import { expect, it, onTestFinished } from 'vitest';
import {
  type AdapterUnderTest,
  describeAdapter,
  type Fixture,
} from '../../ai-transport/model/testing/adapter.contract.ts';
import { StreamServer } from '../../ai-transport/model/testing/stream-server.ts';
import { fromAnthropic } from './events.ts';
import type { JsonMap } from './json.ts';
import { anthropicMessages } from './stream.ts';
import {
  block,
  CITATION,
  CITED_TEXT,
  message,
  PAGE_CITATION,
  REFUSED,
  sse,
  type Told,
  text,
  thinking,
  tool,
} from './testing/messages.ts';

const RESPONSE: ModelEvent = {
  type: 'response',
  provider: 'anthropic',
  id: 'msg_01',
  model: 'claude-test-1',
};

const usage = (outputTokens: number): ModelEvent => ({
  type: 'usage',
  usage: {
    inputTokens: 135,
    outputTokens,
    cachedInputTokens: 100,
    totalTokens: 135 + outputTokens,
    raw: {
      input_tokens: 25,
      cache_creation_input_tokens: 10,
      cache_read_input_tokens: 100,
      output_tokens: outputTokens,
    },
  },
});

const provider = (data: JsonMap): ModelEvent => ({
  type: 'provider',
  provider: 'anthropic',
  name: String(data.type),
  data,
});

function fixture(blocks: JsonMap[], said: ModelEvent[], told: Told = {}, end: ModelEvent[] = []): Fixture {
  const rawReason = told.stopReason ?? 'end_turn';
  const reasons = {
    end_turn: 'stop',
    tool_use: 'tool-calls',
    refusal: 'refusal',
    max_tokens: 'length',
  } as const;
  // CAST: one of those above.
  const reason = reasons[rawReason as keyof typeof reasons];
  return {
    body: sse(message(blocks, told)),
    events: [RESPONSE, usage(1), ...said, ...end, usage(15), { type: 'finish', reason, rawReason }],
  };
}

const words = (index: number, ...pieces: string[]): ModelEvent[] => {
  const id = `msg_01-${index}`;
  const deltas = pieces.map((piece): ModelEvent => ({ type: 'text-delta', id, text: piece }));
  return [{ type: 'text-start', id }, ...deltas, { type: 'text-end', id }];
};

const call = (toolCallId: string, toolName: string, ...pieces: string[]): ModelEvent[] => [
  { type: 'tool-input-start', toolCallId, toolName },
  ...pieces.map((piece): ModelEvent => ({ type: 'tool-input-delta', toolCallId, text: piece })),
  { type: 'tool-input-end', toolCallId, toolName, inputText: pieces.join('') },
];

const thought = (id: string): ModelEvent[] => [
  { type: 'reasoning-start', id },
  { type: 'reasoning-delta', id, text: 'Let me ' },
  { type: 'reasoning-delta', id, text: 'see… 思' },
  { type: 'reasoning-end', id, metadata: { anthropic: { signature: 'c2lnbmF0dXJl' } } },
];

const source = (
  sourceId: string,
  citation: JsonMap,
  more: { readonly kind: 'url' | 'document'; readonly url?: string; readonly title: string },
): ModelEvent => ({ type: 'source', sourceId, ...more, metadata: { anthropic: { citation } } });

const LATER = { type: 'weather_report', sky: 'blue' };
const POEM = block(0, { type: 'poem', lines: [] }, { type: 'line_delta', line: 'Roses' });
const REFUSAL = message([], REFUSED).find(({ type }) => type === 'message_delta') ?? {};

const adapter: AdapterUnderTest = {
  name: 'anthropic',
  call: (url, options) =>
    anthropicMessages(
      new Anthropic({ apiKey: 'test', baseURL: url, logLevel: 'off' }),
      { model: 'claude-test-1', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] },
      options,
    ),
  fixtures: {
    text: fixture(text(0, 'Hel', 'lo ', 'wörld 🌍', ' 世界'), words(0, 'Hel', 'lo ', 'wörld 🌍', ' 世界')),
    reasoning: fixture(
      [
        ...thinking(0, 'c2lnbmF0dXJl', 'Let me ', 'see… 思'),
        ...block(1, { type: 'redacted_thinking', data: 'EmwK' }),
        ...text(2, 'Yes.'),
      ],
      [
        ...thought('msg_01-0'),
        { type: 'reasoning-start', id: 'msg_01-1' },
        { type: 'reasoning-end', id: 'msg_01-1', metadata: { anthropic: { redactedData: 'EmwK' } } },
        ...words(2, 'Yes.'),
      ],
    ),
    'one tool call': fixture(
      [...text(0, 'I look.'), ...tool(1, 'toolu_1', 'weather', '', '{"city": "Zü', 'rich"}')],
      [...words(0, 'I look.'), ...call('toolu_1', 'weather', '{"city": "Zü', 'rich"}')],
      { stopReason: 'tool_use' },
    ),
    'parallel tool calls': fixture(
      [
        ...tool(0, 'toolu_1', 'one', '{"a":', '1}'),
        ...tool(1, 'toolu_2', 'two', ''),
        ...tool(2, 'toolu_3', 'one', '{}'),
      ],
      [
        ...call('toolu_1', 'one', '{"a":', '1}'),
        ...call('toolu_2', 'two', '{}'),
        ...call('toolu_3', 'one', '{}'),
      ],
      { stopReason: 'tool_use' },
    ),
    citations: fixture(CITED_TEXT, [
      { type: 'text-start', id: 'msg_01-0' },
      source('msg_01-0-1', CITATION, { kind: 'url', url: CITATION.url, title: 'Weather' }),
      { type: 'text-delta', id: 'msg_01-0', text: 'It rained, ' },
      { type: 'text-delta', id: 'msg_01-0', text: 'or not.' },
      source('msg_01-0-2', PAGE_CITATION, { kind: 'document', title: 'Almanac' }),
      {
        type: 'text-end',
        id: 'msg_01-0',
        metadata: { anthropic: { citations: [CITATION, PAGE_CITATION] } },
      },
    ]),
    refusal: fixture(text(0, 'I'), words(0, 'I'), REFUSED, [provider(REFUSAL)]),
    length: fixture(text(0, 'Once upon'), words(0, 'Once upon'), { stopReason: 'max_tokens' }),
    'unknown events': fixture(
      [LATER, ...POEM, ...text(1, 'x')],
      [provider(LATER), ...POEM.map(provider), ...words(1, 'x')],
    ),
    empty: fixture([], []),
  },
  failing: {
    body: sse([
      ...message(text(0, 'Hel')).slice(0, 4),
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    ]),
    events: [
      RESPONSE,
      usage(1),
      { type: 'text-start', id: 'msg_01-0' },
      { type: 'text-delta', id: 'msg_01-0', text: 'Hel' },
    ],
    code: 'overloaded',
  },
  refusal: (status) => JSON.stringify({ type: 'error', error: { type: TYPES[status], message: 'No.' } }),
};

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  500: 'api_error',
  503: 'overloaded_error',
};

describeAdapter(adapter);

async function served(): Promise<StreamServer> {
  const server = await StreamServer.start();
  onTestFinished(() => server.close());
  return server;
}

it('asks for what it was told, as a stream', async () => {
  const server = await served();
  server.reset({ chunks: [sse(message(text(0, 'x')))] });
  for await (const _ of adapter.call(server.url, {}));
  expect(JSON.parse(server.asked[0]?.body ?? '')).toEqual({
    model: 'claude-test-1',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hi' }],
    stream: true,
  });
});

it.each(['create', 'stream'] as const)('reads what messages.%s gives', async (method) => {
  const server = await served();
  const client = new Anthropic({ apiKey: 'test', baseURL: server.url, logLevel: 'off', maxRetries: 0 });
  const params = { model: 'claude-test-1', max_tokens: 100, messages: [], stream: true as const };
  const ask = async () =>
    method === 'create' ? client.messages.create(params) : client.messages.stream(params);
  const read = async (body: string): Promise<{ events: ModelEvent[]; error?: unknown }> => {
    server.reset({ chunks: [body] });
    const events: ModelEvent[] = [];
    try {
      for await (const event of fromAnthropic(await ask())) events.push(event);
      return { events };
    } catch (error) {
      return { events, error };
    }
  };
  const { text: whole } = adapter.fixtures;
  expect(await read(whole?.body ?? '')).toEqual({ events: whole?.events });
  const { events, error } = await read(adapter.failing.body);
  expect(events).toEqual(adapter.failing.events);
  expect(error).toMatchObject({ name: 'ModelError', code: 'overloaded' });
});

it('takes a stream that is none of the API for an error of the provider', async () => {
  const server = await served();
  server.reset({ chunks: ['event: message_start\ndata: <html>\n\n'] });
  const first = adapter.call(server.url, { retries: 0 })[Symbol.asyncIterator]().next();
  await expect(first).rejects.toMatchObject({ code: 'provider_error', isRetryable: false });
});

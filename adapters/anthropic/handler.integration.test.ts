// A worker that answers with the real client package, on a real server: what stands in the channel afterwards, and what the API is asked.
import Anthropic from '@anthropic-ai/sdk';
import { createAgent, createWorker } from '@sockudo/ai-transport/agent';
import { contentOf } from '@sockudo/ai-transport/model';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import {
  CHANNEL,
  type SessionServer,
  startSessionServer,
  until,
} from '../../ai-transport/client/testing/session-server.ts';
import { messageText, type Session } from '../../ai-transport/client/testing/session-under-test.ts';
import { type Plan, StreamServer } from '../../ai-transport/model/testing/stream-server.ts';
import { type AnthropicHandlerOptions, anthropicHandler } from './handler.ts';
import type { JsonMap } from './json.ts';
import { block, CITED_TEXT, message, sse, text, thinking, tool, WEB_SEARCH } from './testing/messages.ts';

let server: SessionServer;
let api: StreamServer;
beforeEach(async () => {
  [server, api] = await Promise.all([startSessionServer(), StreamServer.start()]);
});
afterEach(() => Promise.all([server.close(), api.close()]));

const said = (blocks: JsonMap[], stopReason = 'end_turn'): Plan => ({
  chunks: [sse(message(blocks, { stopReason }))],
});

/** Asks, one question after the other, and gives the session when all is answered. */
async function answered(
  questions: readonly string[],
  plans: readonly Plan[],
  options: AnthropicHandlerOptions = {},
): Promise<Session> {
  api.plan = (_, index) => plans[index] ?? said([]);
  const { app, host, port } = server;
  const agent = createAgent({ appId: app.id, key: app.key, secret: app.secret, host, port });
  const client = new Anthropic({ apiKey: 'test', baseURL: api.url, logLevel: 'off' });
  const params = { model: 'claude-test-1', max_tokens: 100, system: 'Be kind.' };
  const handle = anthropicHandler(client, params, { retries: 0, ...options });
  const worker = createWorker({ agent, channelPrefix: CHANNEL, waitMs: 500, onError() {}, handle });
  onTestFinished(() => worker.stop({ graceMs: 0 }));
  const session = server.session('ann');
  for (const question of questions) {
    const { runId } = session.send(question);
    await until(session, () => ['complete', 'error'].includes(session.run(runId)?.status ?? ''));
  }
  return session;
}

/** Messages of a request. */
const asked = (index: number): { role: string; content: JsonMap[] }[] =>
  JSON.parse(api.asked[index]?.body ?? '{}').messages;

it('gives back what the API said, block by block, also what is long or cannot be read', async () => {
  const long = 'x'.repeat(20_000);
  const blocks = [
    ...thinking(0, long, 'Let me see.'),
    ...block(1, { type: 'redacted_thinking', data: 'EmwK' }),
    ...thinking(2, 'c2ln'),
    ...text(3, 'Well: '),
    ...WEB_SEARCH.map((event) => ({ ...event, index: Number(event.index) + 4 })),
    ...CITED_TEXT.map((event) => ({ ...event, index: 9 })),
    ...block(10, { type: 'compaction', content: null }, { type: 'compaction_delta', content: 'Sum' }),
  ];
  await answered(['One', 'Two'], [said(blocks)]);
  const [question, answer, next] = asked(1);
  expect([question, next]).toEqual([
    { role: 'user', content: [{ type: 'text', text: 'One' }] },
    { role: 'user', content: [{ type: 'text', text: 'Two' }] },
  ]);
  expect(answer?.content).toMatchObject([
    { type: 'thinking', thinking: 'Let me see.', signature: long },
    { type: 'redacted_thinking', data: 'EmwK' },
    { type: 'thinking', thinking: '', signature: 'c2ln' },
    { type: 'text', text: 'Well: ' },
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'weather' } },
    { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ title: 'Weather' }] },
    { type: 'text', text: 'Rain.' },
    {
      type: 'text',
      text: 'It rained, or not.',
      citations: [{ encrypted_index: 'Eo8B' }, { cited_text: 'It was dry.' }],
    },
    { type: 'compaction', content: 'Sum' },
  ]);
});

it('runs tools, and tells the model what came of them', async () => {
  const session = await answered(
    ['Weather in Rome?'],
    [
      said(
        [...thinking(0, 'c2ln', 'Hm'), ...tool(1, 'toolu_1', 'weather', '{"city":', '"Rome"}')],
        'tool_use',
      ),
      said(text(0, 'Sunny.')),
    ],
    {
      tools: {
        weather: {
          description: 'Looks out of the window',
          schema: { type: 'object', properties: { city: { type: 'string' } } },
          execute: (input) => ({ sky: 'blue', input }),
        },
      },
    },
  );
  expect(JSON.parse(api.asked[0]?.body ?? '')).toMatchObject({
    system: 'Be kind.',
    tools: [{ name: 'weather', description: 'Looks out of the window', input_schema: { type: 'object' } }],
  });
  expect(asked(1).slice(1)).toEqual([
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm', signature: 'c2ln' },
        { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Rome' } },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          content: '{"sky":"blue","input":{"city":"Rome"}}',
        },
      ],
    },
  ]);
  const pieces = session.view().messages.flatMap((each) => contentOf(each));
  expect(pieces.map(({ type }) => type).filter((type) => type !== 'response')).toEqual([
    ...[
      'text',
      'reasoning',
      'tool-call',
      'usage',
      'finish',
      'tool-output',
      'text',
      'usage',
      'finish',
      'finish',
    ],
  ]);
});

it('goes on with a turn that the API paused', async () => {
  const search = WEB_SEARCH.slice(0, 5);
  const found = WEB_SEARCH.slice(5);
  const session = await answered(['Look it up'], [said(search, 'pause_turn'), said(found)]);
  expect(asked(1).at(-1)).toMatchObject({
    role: 'assistant',
    content: [{ type: 'server_tool_use', id: 'srvtoolu_1' }],
  });
  expect(session.runs.map(({ status }) => status)).toEqual(['complete']);
});

it('keeps the text that came before an error, and says its code', async () => {
  const broken = [
    ...message(text(0, 'So far')).slice(0, 4),
    { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 9 tokens' } },
  ];
  const session = await answered(['Go'], [{ chunks: [sse(broken)] }]);
  expect(session.runs).toMatchObject([{ status: 'error', error: { code: 'context_length' } }]);
  const answer = session.view().messages.at(-1);
  expect(answer?.status).toBe('error');
  expect(answer && messageText(answer)).toBe('So far');
});

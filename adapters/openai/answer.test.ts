// Whole answers: a real server, a worker, the provider's own client, and a provider that answers as the test wants.
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  channel,
  ended,
  errors,
  fresh,
  outputs,
  say,
  server,
  setUpWorkers,
  work,
} from '../../ai-transport/agent/testing/worker-world.ts';
import { StreamServer } from '../../ai-transport/model/testing/stream-server.ts';
import { answerWithOpenAI, type ChatAnswerOptions } from './answer.ts';
import { delta, stream } from './testing/chat-fixtures.ts';
import { LONG, stream as responseStream, text } from './testing/responses-fixtures.ts';

setUpWorkers();

let provider: StreamServer;
let client: OpenAI;
beforeAll(async () => {
  provider = await StreamServer.start();
  client = new OpenAI({ apiKey: 'k', baseURL: `${provider.url}/v1`, logLevel: 'off' });
});
afterAll(() => provider.close());
beforeEach(() => provider.reset());

const body = (index: number) => JSON.parse(provider.asked[index]?.body ?? '');
const JSON_HEADERS = { 'content-type': 'application/json' };

const weather: ChatAnswerOptions['tools'] = {
  weather: {
    description: 'The weather in a city',
    schema: { type: 'object', properties: { city: { type: 'string' } } },
    execute: ({ city }: { city: string }) => `rain in ${city}`,
  },
};

it('answers by Chat Completions, with tools', async () => {
  fresh();
  const call = { index: 0, id: 'call_1', function: { name: 'weather', arguments: '{"city":"Bonn"}' } };
  provider.reset(
    { chunks: [stream(delta({ tool_calls: [call] }), delta({}, 'tool_calls'))] },
    { chunks: [stream(delta({ content: 'It rains' }), delta({}, 'stop'))] },
  );
  work((run, context) =>
    answerWithOpenAI(run, context, {
      client,
      model: 'm-1',
      instructions: 'Be brief',
      tools: weather,
      params: { temperature: 0 },
    }),
  );
  await say('r1', 'Weather?');
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
  expect(body(0)).toMatchObject({
    model: 'm-1',
    temperature: 0,
    stream: true,
    messages: [
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: 'Weather?' },
    ],
    tools: [
      {
        type: 'function',
        function: { name: 'weather', description: 'The weather in a city', parameters: { type: 'object' } },
      },
    ],
  });
  expect(body(1).messages.slice(2)).toEqual([
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'rain in Bonn' },
  ]);
  expect(await outputs()).toContainEqual(['It rains', 'complete']);
});

it('answers by Responses, with tools', async () => {
  fresh();
  const item = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'call_1',
    name: 'weather',
    arguments: '{"city":"Bonn"}',
  };
  const completed = { type: 'response.completed', response: { id: 'resp_1', status: 'completed' } };
  provider.reset(
    { chunks: [responseStream({ type: 'response.output_item.done', item }, completed)] },
    { chunks: [text(LONG)] },
  );
  work((run, context) =>
    answerWithOpenAI(run, context, {
      api: 'responses',
      client,
      model: 'm-1',
      instructions: 'Be brief',
      tools: weather,
    }),
  );
  await say('r1', 'Weather?');
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
  expect(body(0)).toMatchObject({
    instructions: 'Be brief',
    tools: [{ type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false }],
  });
  expect(body(1).input.slice(1)).toEqual([
    item,
    { type: 'function_call_output', call_id: 'call_1', output: 'rain in Bonn' },
  ]);
  expect(await outputs()).toContainEqual(['abcd', 'complete']);
});

it('asks once for what is made in the background, though the worker loses it', async () => {
  fresh();
  provider.plan = ({ method }, index) => {
    if (method === 'POST')
      return { headers: JSON_HEADERS, chunks: [JSON.stringify({ id: 'resp_1', status: 'queued' })] };
    // The first attempt gets a part of it, and no connection any more.
    return index === 1 ? { chunks: [text(LONG.slice(0, 5))], ending: 'break' } : { chunks: [text(LONG)] };
  };
  work((run, context) =>
    answerWithOpenAI(run, context, {
      api: 'responses',
      client,
      model: 'm-1',
      params: { background: true },
      retries: 0,
    }),
  );
  await say('r1', 'Think');
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'complete' });
  expect(errors).toMatchObject([{ code: 'connection' }]);
  expect(provider.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/responses',
    'GET /v1/responses/resp_1?stream=true',
    'GET /v1/responses/resp_1?stream=true',
  ]);
  expect(body(0)).toMatchObject({ background: true });
  expect(await outputs()).toContainEqual(['abcd', 'complete']);
});

it('cancels what is made in the background when its run is cancelled', async () => {
  fresh();
  provider.plan = ({ method, path }) =>
    method === 'GET'
      ? { chunks: [text(LONG.slice(0, 5))], ending: 'hang' }
      : { headers: JSON_HEADERS, chunks: [JSON.stringify({ id: 'resp_1', status: path })] };
  work((run, context) =>
    answerWithOpenAI(run, context, { api: 'responses', client, model: 'm-1', params: { background: true } }),
  );
  await say('r1', 'Think');
  await provider.request(1);
  await server.say('ai-cancel', 'r1', { channel, data: JSON.stringify({ runId: 'r1' }) });
  expect(await ended('r1')).toMatchObject({ 'run-reason': 'cancelled' });
  expect((await provider.request(2)).path).toBe('/v1/responses/resp_1/cancel');
});

it('ends a run at once whose key is refused, and shows nobody why', async () => {
  fresh();
  provider.reset({
    status: 401,
    headers: JSON_HEADERS,
    chunks: ['{"error":{"message":"Incorrect key: sk-123"}}'],
  });
  work((run, context) => answerWithOpenAI(run, context, { client, model: 'm-1' }));
  await say('r1', 'Hi');
  const end = await ended('r1');
  expect(end).toMatchObject({ 'run-reason': 'error', 'error-code': 'authentication' });
  expect(JSON.stringify(end)).not.toContain('sk-123');
  expect(provider.asked).toHaveLength(1);
});

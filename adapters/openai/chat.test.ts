import OpenAI from 'openai';
import OpenAI6 from 'openai-6';
import { expect, it, onTestFinished } from 'vitest';
import { describeAdapter } from '../../ai-transport/model/testing/adapter.contract.ts';
import { StreamServer } from '../../ai-transport/model/testing/stream-server.ts';
import { openaiChat } from './chat.ts';
import { CHAT_FAILING, CHAT_FIXTURES, refusal } from './testing/chat-fixtures.ts';

const PARAMS = { model: 'm-1', messages: [{ role: 'user', content: 'Hi' }] } as const;

for (const [name, Client] of [
  ['openai 7', OpenAI],
  ['openai 6', OpenAI6],
] as const)
  describeAdapter({
    name: `Chat Completions of ${name}`,
    call: (url, options) =>
      openaiChat(
        new Client({ apiKey: 'k', baseURL: `${url}/v1`, logLevel: 'off' }),
        { ...PARAMS, messages: [...PARAMS.messages] },
        options,
      ),
    isVariant: Client === OpenAI6,
    fixtures: CHAT_FIXTURES,
    failing: CHAT_FAILING,
    refusal,
  });

it('asks for a stream with usage, and for what the program wants', async () => {
  const server = await StreamServer.start();
  onTestFinished(() => server.close());
  const client = new OpenAI({ apiKey: 'k', baseURL: `${server.url}/v1` });
  server.reset({ chunks: [CHAT_FIXTURES.empty?.body ?? ''] });
  const events = openaiChat(
    client,
    { model: 'm', messages: [], temperature: 0, stream_options: { include_usage: false } },
    { provider: 'ollama' },
  );
  expect(server.asked).toEqual([]);
  expect((await events.next()).value).toMatchObject({ type: 'response', provider: 'ollama' });
  const [request] = server.asked;
  expect([request?.method, request?.path, request?.headers.authorization]).toEqual([
    'POST',
    '/v1/chat/completions',
    'Bearer k',
  ]);
  expect(JSON.parse(request?.body ?? '')).toEqual({
    model: 'm',
    messages: [],
    temperature: 0,
    stream: true,
    stream_options: { include_usage: false },
  });
});

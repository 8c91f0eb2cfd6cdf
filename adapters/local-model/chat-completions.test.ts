// Chat Completions as the `openai` packages see them: over HTTP, with nothing of the stand-in replaced but the clock.
import OpenAI7 from 'openai';
import OpenAI6 from 'openai-6';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestModel, type TestModel, WEATHER } from './testing/test-model.ts';

const TOOLS = [{ type: 'function' as const, function: WEATHER }];
const NOTE =
  'I am no language model, only a stand-in: I look things up in 2 documents and quote what I find.';
const SAILS = 'A sail is made of cloth.\n\n- Red sails are seen from far.\n- White sails are not.';

describe.each([
  ['openai 7', OpenAI7],
  // CAST: of the members used here both versions have the same.
  ['openai 6', OpenAI6 as unknown as typeof OpenAI7],
])('chat completions for %s', (_name, Client) => {
  let model: TestModel;
  let client: OpenAI7;

  beforeAll(async () => {
    model = await openTestModel();
    client = new Client({ apiKey: 'none', baseURL: `${model.address}/v1`, maxRetries: 0 });
  });
  afterAll(() => model.close());
  beforeEach(() => model.reset());

  const ask = (content: string, settings = '') =>
    client.chat.completions.create({
      model: `local-model:${settings}`,
      messages: [{ role: 'user', content }],
      tools: TOOLS,
      stream: true,
      stream_options: { include_usage: true },
    });

  const read = async (stream: Awaited<ReturnType<typeof ask>>) => {
    const chunks: OpenAI7.Chat.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return {
      text: chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''),
      calls: chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []),
      reason: chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])[0],
      usage: chunks.at(-1)?.usage,
    };
  };

  it('streams a passage word by word, with its source', async () => {
    const { text, reason, usage } = await read(await ask('How do red sails look?'));
    expect(text).toBe(`${NOTE}\n\n${SAILS}\n\n*Source: boats.md › Boats › Sails*`);
    expect(model.pieces.join('')).toBe(text);
    expect(model.pieces.slice(-3)).toEqual(['Boats ', '› ', 'Sails*']);
    expect(reason).toBe('stop');
    expect(usage).toMatchObject({ completion_tokens: Math.ceil(text.length / 4) });
  });

  it('says the same without streaming', async () => {
    const answer = await client.chat.completions.create({
      model: 'local-model',
      messages: [{ role: 'user', content: 'How do red sails look?' }],
    });
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: `${NOTE}\n\n${SAILS}\n\n*Source: boats.md › Boats › Sails*` },
    });
    expect(answer).toMatchObject({ model: 'local-model', system_fingerprint: 'no-language-model' });
  });

  it('calls the tool that fits, and tells what it returned', async () => {
    const { calls, reason } = await read(await ask('What is the weather in Paris?'));
    expect(reason).toBe('tool_calls');
    expect(calls[0]).toMatchObject({ index: 0, type: 'function', function: { name: 'get_weather' } });
    expect(calls.map((call) => call.function?.arguments).join('')).toBe('{"city":"Paris"}');
    const done = await client.chat.completions.create({
      model: 'local-model:note=off',
      tools: TOOLS,
      messages: [
        { role: 'user', content: 'What is the weather in Paris?' },
        {
          role: 'assistant',
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: '{"degrees":21,"sky":"clear"}' },
      ],
    });
    expect(done.choices[0]?.message.content).toBe(
      '`get_weather` returned:\n\n- **degrees**: 21\n- **sky**: clear',
    );
  });

  it('calls several tools at once, unless the request wants one at a time', async () => {
    const content = '/tool get_weather {"city":"Rome"}\n/tool get_weather Bonn';
    const request = { model: 'local-model', tools: TOOLS, messages: [{ role: 'user' as const, content }] };
    const called = async (more: object) => {
      const { choices } = await client.chat.completions.create({ ...request, ...more });
      return choices[0]?.message.tool_calls?.map((call) =>
        'function' in call ? call.function.arguments : '',
      );
    };
    expect(await called({})).toEqual(['{"city":"Rome"}', '{"city":"Bonn"}']);
    expect(await called({ parallel_tool_calls: false })).toEqual(['{"city":"Rome"}']);
  });

  it('refuses what is wrong with errors that the client has names for', async () => {
    const refused = (body: object) =>
      client.chat.completions
        .create({ model: 'local-model', messages: [{ role: 'user', content: 'x' }], ...body })
        .then(
          () => null,
          (error: unknown) => (error instanceof Client.APIError ? error : null),
        );
    expect(await refused({ model: 'gpt-9' })).toMatchObject({ status: 404, code: 'model_not_found' });
    expect(await refused({ messages: [] })).toMatchObject({ status: 400, param: 'messages' });
    expect(await refused({ model: 'local-model:sped=1' })).toMatchObject({
      status: 400,
      message: expect.stringContaining("there is no setting 'sped'"),
    });
    const unanswered = { id: 'c1', type: 'function', function: { name: 'x', arguments: '{}' } };
    expect(
      await refused({
        messages: [
          { role: 'assistant', tool_calls: [unanswered] },
          { role: 'user', content: 'x' },
        ],
      }),
    ).toMatchObject({ status: 400, message: expect.stringContaining('c1') });
  });
});

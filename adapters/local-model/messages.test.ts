// Messages as `@anthropic-ai/sdk` sees them, over HTTP.
import Anthropic, { APIError } from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestModel, type TestModel, WEATHER } from './testing/test-model.ts';

type Params = Omit<Anthropic.MessageCreateParamsNonStreaming, 'stream'>;

const TOOLS: Anthropic.Tool[] = [
  {
    name: WEATHER.name,
    description: WEATHER.description,
    input_schema: { ...WEATHER.parameters, type: 'object' },
  },
];

describe('messages', () => {
  let model: TestModel;
  let client: Anthropic;

  beforeAll(async () => {
    model = await openTestModel('note=off');
    client = new Anthropic({ apiKey: 'none', baseURL: model.address, maxRetries: 0 });
  });
  afterAll(() => model.close());
  beforeEach(() => model.reset());

  const params = (content: string, more: Partial<Params> = {}): Params => ({
    model: 'local-model',
    max_tokens: 1000,
    messages: [{ role: 'user', content }],
    ...more,
  });
  const streamed = (given: Params): Promise<Anthropic.Message> =>
    client.messages.stream(given).finalMessage();

  it('streams what it says at once', async () => {
    const asked = params('How do red sails look?');
    const message = await streamed(asked);
    const [block] = message.content;
    expect(block).toMatchObject({
      type: 'text',
      text: expect.stringMatching(/^A sail.*- Red sails.*Source: boats/s),
    });
    expect(message).toMatchObject({ stop_reason: 'end_turn', usage: { input_tokens: 6 } });
    expect(model.pieces.join('')).toBe(block?.type === 'text' ? block.text : null);
    const whole = await client.messages.create(asked);
    expect(whole).toMatchObject({
      content: message.content,
      stop_reason: 'end_turn',
      usage: { input_tokens: 6 },
    });
  });

  it('thinks where the request wants it, with a signature that is checked when it comes back', async () => {
    const asked = params('What are sails made of?', { thinking: { type: 'enabled', budget_tokens: 1024 } });
    const message = await streamed(asked);
    expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
    expect((await client.messages.create(asked)).content).toEqual(message.content);
    const next = (content: Anthropic.ContentBlockParam[]): Params =>
      params('', {
        messages: [...asked.messages, { role: 'assistant', content }, { role: 'user', content: 'And tea?' }],
      });
    await expect(streamed(next(message.content))).resolves.toMatchObject({ stop_reason: 'end_turn' });
    const changed = message.content.map((block) =>
      block.type === 'thinking' ? { ...block, signature: 'x' } : block,
    );
    await expect(client.messages.create(next(changed))).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('messages.1.content.0'),
    });
  });

  it('calls tools, also several, and tells what they returned', async () => {
    const asked = params('/tool get_weather {"city":"Rome"}\n/tool get_weather {"city":"Bonn"}', {
      tools: TOOLS,
    });
    const message = await streamed(asked);
    expect(message.stop_reason).toBe('tool_use');
    expect(message.content).toMatchObject([
      { type: 'tool_use', name: 'get_weather', input: { city: 'Rome' } },
      { type: 'tool_use', name: 'get_weather', input: { city: 'Bonn' } },
    ]);
    const calls = message.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    const results = calls.map(
      (id, index): Anthropic.ToolResultBlockParam => ({
        type: 'tool_result',
        tool_use_id: id,
        content: index === 0 ? 'Rain.' : 'No such city.',
        is_error: index === 1,
      }),
    );
    const all: Anthropic.MessageParam[] = [
      ...asked.messages,
      { role: 'assistant', content: message.content },
      { role: 'user', content: results },
    ];
    const done = await streamed(params('', { tools: TOOLS, messages: all }));
    expect(done.content[0]).toMatchObject({
      text: '`get_weather` returned: Rain.\n\n`get_weather` failed: No such city.',
    });
    await expect(client.messages.create(params('', { messages: all.slice(0, 2) }))).rejects.toMatchObject({
      status: 400,
    });
  });

  it('stops at max_tokens', async () => {
    const message = await streamed(params('How do red sails look?', { max_tokens: 3 }));
    expect(message).toMatchObject({
      stop_reason: 'max_tokens',
      content: [{ text: 'A sail is ma' }],
      usage: { output_tokens: 3 },
    });
  });

  it('refuses with errors of its own kind', async () => {
    const error = await client.messages
      .create(params('x', { model: 'other' }))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({
      status: 404,
      error: { type: 'error', error: { type: 'not_found_error' }, request_id: expect.any(String) },
    });
    const missing = await fetch(`${model.address}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"model":"local-model","messages":[{"role":"user","content":[{"type":"text"}]}]}',
    });
    expect(missing.status).toBe(400);
    expect(await missing.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });

  it('breaks off and fails in the middle when it is told to', async () => {
    const failing = client.messages.stream(
      params('How do red sails look?', { model: 'local-model:fail=after:3' }),
    );
    await expect(failing.finalMessage()).rejects.toMatchObject({
      error: { error: { type: 'overloaded_error' } },
    });
    expect(failing.currentMessage?.content[0]).toMatchObject({ text: 'A sail is ' });
    const cut = client.messages.stream(
      params('How do red sails look?', { model: 'local-model:cut=after:3' }),
    );
    await expect(cut.finalMessage()).rejects.toThrow();
  });

  it('lists its model and counts tokens', async () => {
    expect((await client.models.list()).data).toMatchObject([{ id: 'local-model', type: 'model' }]);
    expect(await client.messages.countTokens(params('12345678'))).toEqual({ input_tokens: 2 });
  });
});

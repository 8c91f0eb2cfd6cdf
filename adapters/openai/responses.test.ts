import type { ModelEvent } from '@sockudo/ai-transport/model';
import OpenAI from 'openai';
import OpenAI6 from 'openai-6';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeAdapter } from '../../ai-transport/model/testing/adapter.contract.ts';
import { StreamServer } from '../../ai-transport/model/testing/stream-server.ts';
import { attachOpenAIResponse, openaiResponses } from './responses.ts';
import { refusal } from './testing/chat-fixtures.ts';
import { LONG, RESPONSES_FAILING, RESPONSES_FIXTURES, stream, text } from './testing/responses-fixtures.ts';

for (const [name, Client] of [
  ['openai 7', OpenAI],
  ['openai 6', OpenAI6],
] as const)
  describeAdapter({
    name: `Responses of ${name}`,
    isVariant: Client === OpenAI6,
    call: (url, options) =>
      openaiResponses(
        new Client({ apiKey: 'k', baseURL: `${url}/v1`, logLevel: 'off' }),
        { model: 'm-1', input: 'Hi' },
        options,
      ),
    fixtures: RESPONSES_FIXTURES,
    failing: RESPONSES_FAILING,
    refusal,
  });

describe('a response that is made in the background', () => {
  let server: StreamServer;
  let client: OpenAI;
  beforeAll(async () => {
    server = await StreamServer.start();
    client = new OpenAI({ apiKey: 'k', baseURL: `${server.url}/v1`, logLevel: 'off' });
  });
  afterAll(() => server.close());

  const textOf = async (events: AsyncIterable<ModelEvent>): Promise<string> => {
    let all = '';
    for await (const event of events) if (event.type === 'text-delta') all += event.text;
    return all;
  };
  const after = (sequence: number): string => text(LONG.slice(sequence + 1));
  const askedFor = (): readonly string[] => server.asked.map(({ method, path }) => `${method} ${path}`);

  it('is taken up where its connection broke, wherever that was', async () => {
    // The events up to the first piece of text, then two connections more.
    for (const ending of ['break', 'end'] as const) {
      server.reset(
        { chunks: [text(LONG.slice(0, 5))], ending },
        { chunks: [text(LONG.slice(5, 6))], ending },
        { chunks: [after(5)] },
      );
      const events = openaiResponses(client, { model: 'm', input: 'Hi', background: true });
      expect(await textOf(events)).toBe('abcd');
      expect(askedFor()).toEqual([
        'POST /v1/responses',
        'GET /v1/responses/resp_1?stream=true&starting_after=4',
        'GET /v1/responses/resp_1?stream=true&starting_after=5',
      ]);
    }
  });

  it('is given up when it cannot be taken up', async () => {
    server.reset({ chunks: [text(LONG.slice(0, 5))], ending: 'break' }, { chunks: [], ending: 'break' });
    const events = openaiResponses(client, { model: 'm', input: 'Hi', background: true }, { retries: 1 });
    await expect(textOf(events)).rejects.toMatchObject({ name: 'ModelError', code: 'connection' });
    expect(server.asked).toHaveLength(2);
  });

  it('is not taken up where it was not made in the background', async () => {
    server.reset({ chunks: [text(LONG.slice(0, 5))], ending: 'break' });
    await expect(textOf(openaiResponses(client, { model: 'm', input: 'Hi' }))).rejects.toMatchObject({
      code: 'connection',
    });
    expect(server.asked).toHaveLength(1);
  });

  it('can be attached to by another process, from its begin or behind an event', async () => {
    server.reset({ chunks: [after(-1)] });
    expect(await textOf(attachOpenAIResponse(client, 'resp_1'))).toBe('abcd');
    expect(askedFor()).toEqual(['GET /v1/responses/resp_1?stream=true']);
    server.reset({ chunks: [text(LONG.slice(5, 6))], ending: 'break' }, { chunks: [after(5)] });
    expect(await textOf(attachOpenAIResponse(client, 'resp_1', { startingAfter: 4 }))).toBe('cd');
    expect(askedFor()[1]).toBe('GET /v1/responses/resp_1?stream=true&starting_after=5');
  });

  it('ends in the error that a stream reports', async () => {
    const error = { type: 'error', code: 'server_error', message: 'oops', param: null };
    server.reset({ chunks: [stream(error)] });
    await expect(textOf(openaiResponses(client, { model: 'm', input: 'Hi' }))).rejects.toMatchObject({
      code: 'provider_error',
      isRetryable: true,
    });
  });

  it('gives pictures as files, and does not keep them twice', async () => {
    const item = {
      type: 'image_generation_call',
      id: 'ig_1',
      status: 'completed',
      result: 'AAAA',
      output_format: 'webp',
    };
    server.reset({
      chunks: [
        stream(
          { type: 'response.output_item.done', item },
          { type: 'response.completed', response: { id: 'resp_1', status: 'completed' } },
        ),
      ],
    });
    const all: ModelEvent[] = [];
    for await (const event of openaiResponses(client, { model: 'm', input: 'Hi' })) all.push(event);
    expect(all).toContainEqual({ type: 'file', mediaType: 'image/webp', url: 'data:image/webp;base64,AAAA' });
    expect(JSON.stringify(all).split('AAAA')).toHaveLength(2);
  });
});

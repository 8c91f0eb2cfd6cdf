// Faults and bounds as clients meet them, over HTTP.
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openTestModel, type TestModel } from './testing/test-model.ts';

describe('faults', () => {
  let model: TestModel;
  const statuses: number[] = [];

  beforeAll(async () => {
    model = await openTestModel('note=off');
  });
  afterAll(() => model.close());
  beforeEach(() => {
    model.reset();
    statuses.length = 0;
  });

  const clientWith = (headers: Record<string, string> = {}, maxRetries = 0): OpenAI =>
    new OpenAI({
      apiKey: 'none',
      baseURL: `${model.address}/v1`,
      maxRetries,
      defaultHeaders: headers,
      fetch: async (...args) => {
        const response = await fetch(...args);
        statuses.push(response.status);
        return response;
      },
    });
  const ask = (client: OpenAI, settings: string, content = 'What are sails made of?') =>
    client.chat.completions.create({
      model: `local-model:${settings}`,
      messages: [{ role: 'user', content }],
      stream: true,
    });
  const textOf = async (client: OpenAI, settings: string): Promise<string> => {
    let text = '';
    try {
      for await (const { choices } of await ask(client, settings)) text += choices[0]?.delta.content ?? '';
    } catch (error) {
      text += error instanceof OpenAI.APIError ? `[error: ${error.message}]` : '[cut]';
    }
    return text;
  };
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${model.address}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });

  it('refuses the first tries with the time to wait, and answers when it is tried again', async () => {
    const stream = await ask(clientWith({}, 2), 'error=429:2,retry-after=0');
    for await (const _chunk of stream);
    expect(statuses).toEqual([429, 429, 200]);
    const refused = await ask(clientWith(), 'error=429,retry-after=7').catch((error: unknown) => error);
    if (!(refused instanceof OpenAI.RateLimitError)) throw refused;
    expect(refused.headers?.get('retry-after')).toBe('7');
    await expect(ask(clientWith(), 'error=503')).rejects.toMatchObject({ status: 503 });
    await expect(ask(clientWith(), 'error=401')).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
  });

  it('fails with an event, or breaks off, in the middle of a stream', async () => {
    expect(await textOf(clientWith(), 'fail=after:3')).toBe(
      'A sail is [error: The stand-in was told to fail here.]',
    );
    expect(await textOf(clientWith(), 'cut=after:3')).toBe('A sail is [cut]');
    const whole = {
      model: 'local-model:fail=after:3',
      messages: [{ role: 'user' as const, content: 'sails' }],
    };
    await expect(clientWith().chat.completions.create(whole)).rejects.toMatchObject({ status: 500 });
    const cut = clientWith().chat.completions.create({ ...whole, model: 'local-model:cut=after:3' });
    await expect(cut).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  });

  it('takes settings from a header, which wins', async () => {
    const client = clientWith({ 'x-local-model': 'cut=after:2' });
    expect(await textOf(client, 'cut=after:1,speed=4')).toBe('A sail [cut]');
    expect(new Set(model.delays)).toEqual(new Set([250]));
  });

  it('stops when its client goes', async () => {
    const reached = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    model.onPiece = async (piece) => {
      if (piece !== 'made ') return;
      reached.resolve();
      await held.promise;
    };
    const stream = await ask(clientWith(), '');
    await reached.promise;
    const closed = model.nextClose();
    stream.controller.abort();
    await closed;
    held.resolve();
    for await (const _chunk of await ask(clientWith(), '', 'Tea?'));
    expect(model.pieces).toContain('minutes.\n\n');
    expect(model.pieces).not.toContain('of ');
  });

  it('says as many words as it is told to', async () => {
    const text = await textOf(clientWith(), 'words=12');
    expect(text.match(/\S+/g)).toHaveLength(12);
    const all = await textOf(clientWith(), 'words=20000');
    expect(all).toContain('kettle --on');
  });

  it.each([
    ['no JSON', '{', {}, 400],
    ['another type of content', '{}', { 'content-type': 'application/xml' }, 415],
    ['a body beyond 2 MiB', JSON.stringify({ model: 'x'.repeat(2 * 1024 * 1024) }), {}, 413],
    ['JSON that does not say so', '{}', { 'content-type': 'text/plain' }, 400],
    ['no object', '[]', {}, 400],
    ['nothing', '{}', {}, 400],
  ])('refuses %s in the shape of the API', async (_name, body, headers, status) => {
    const response = await post(body, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      error: {
        message: expect.any(String),
        type: 'invalid_request_error',
        param: expect.toBeOneOf([null, 'model']),
        code: null,
      },
    });
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('says where a request is wrong, also deep inside', async () => {
    const wrong = async (path: string, body: object): Promise<string> => {
      const response = await fetch(`${model.address}/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'local-model', max_tokens: 9, ...body }),
      });
      const { error } = z
        .object({ error: z.object({ message: z.string(), param: z.string().optional() }) })
        .parse(await response.json());
      return `${response.status} ${error.param ?? ''} ${error.message}`;
    };
    const parts = [{ type: 'text', text: 3 }];
    expect(await wrong('chat/completions', { messages: [{ role: 'user', content: parts }] })).toMatch(
      /^400 messages\[0\]\.content\[0\]\.text .*expected string/,
    );
    expect(await wrong('chat/completions', { messages: [{ role: 'robot' }] })).toMatch(
      /^400 messages\[0\]\.role /,
    );
    expect(await wrong('responses', { input: [{ type: 'function_call', call_id: 'x' }] })).toMatch(
      /^400 input\[0\]\./,
    );
    const result = { type: 'tool_result', tool_use_id: '' };
    expect(await wrong('messages', { messages: [{ role: 'user', content: [result] }] })).toMatch(
      /^400 {2}messages\[0\]\.content\[0\]\.tool_use_id: /,
    );
  });

  it('breaks off where its pace does', async () => {
    model.onPiece = async (piece) => {
      if (piece === 'made ') throw new Error('enough');
    };
    expect(await textOf(clientWith(), '')).toBe('A sail is [cut]');
    const request = { model: 'local-model', input: 'What are sails made of?' };
    await expect(clientWith().responses.create(request)).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    await expect(async () => {
      for await (const _event of await clientWith().responses.create({ ...request, stream: true }));
    }).rejects.toThrow();
  });

  it('knows no other addresses', async () => {
    const response = await fetch(`${model.address}/v1/embeddings`, { method: 'POST' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { message: 'There is no POST /v1/embeddings' } });
  });
});

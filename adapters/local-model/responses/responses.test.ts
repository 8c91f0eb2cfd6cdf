// Responses as the `openai` packages see them, over HTTP.
import OpenAI7 from 'openai';
import OpenAI6 from 'openai-6';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestModel, type TestModel, WEATHER } from '../testing/test-model.ts';

type Events = AsyncIterable<OpenAI7.Responses.ResponseStreamEvent>;

const QUESTION = 'How do red sails look?';
const ANSWER =
  'A sail is made of cloth.\n\n- Red sails are seen from far.\n- White sails are not.\n\n*Source: boats.md › Boats › Sails*';
const TOOLS = [{ type: 'function' as const, strict: false, ...WEATHER }];

async function all(events: Events): Promise<OpenAI7.Responses.ResponseStreamEvent[]> {
  const list: OpenAI7.Responses.ResponseStreamEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

describe.each([
  ['openai 7', OpenAI7],
  // CAST: of the members used here both versions have the same.
  ['openai 6', OpenAI6 as unknown as typeof OpenAI7],
])('responses for %s', (_name, Client) => {
  let model: TestModel;
  let client: OpenAI7;

  beforeAll(async () => {
    model = await openTestModel('note=off');
    client = new Client({ apiKey: 'none', baseURL: `${model.address}/v1`, maxRetries: 0 });
  });
  afterAll(() => model.close());
  beforeEach(() => model.reset());

  const ask = (more: object = {}) =>
    client.responses.create({ model: 'local-model', input: QUESTION, ...more, stream: true });

  it('streams numbered events that add up to the response', async () => {
    const final = await client.responses.stream({ model: 'local-model', input: QUESTION }).finalResponse();
    expect(final.output_text).toBe(ANSWER);
    const events = await all(await ask({ reasoning: { summary: 'auto' } }));
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_event, index) => index));
    const told = events.map(({ type }) => type).filter((type, index, list) => type !== list[index - 1]);
    expect(told).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const last = events.at(-1);
    expect(last).toMatchObject({
      response: { status: 'completed', output: [{ type: 'reasoning' }, { content: [{ text: ANSWER }] }] },
    });
  });

  it('says the same without streaming, keeps it, and goes on from it', async () => {
    const first = await client.responses.create({ model: 'local-model', input: QUESTION });
    expect(first).toMatchObject({ output_text: ANSWER, status: 'completed', usage: { input_tokens: 6 } });
    expect(await client.responses.retrieve(first.id)).toMatchObject({ id: first.id, output: first.output });
    const more = { model: 'local-model', input: 'more', previous_response_id: first.id };
    const next = await client.responses.create(more);
    // The passage that was quoted is not quoted again, and there is no other one.
    expect(next.output_text).toContain('I found nothing');
    await client.responses.delete(first.id);
    await expect(client.responses.create(more)).rejects.toMatchObject({ status: 404 });
    await expect(client.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 });
  });

  it('calls tools, and tells what they returned', async () => {
    const input = [{ role: 'user' as const, content: 'What is the weather in Paris?' }];
    const called = await client.responses.create({ model: 'local-model', input, tools: TOOLS });
    const [call] = called.output;
    if (call?.type !== 'function_call') throw new Error('no call');
    expect(call).toMatchObject({ name: 'get_weather', arguments: '{"city":"Paris"}', status: 'completed' });
    const events = await all(await ask({ input, tools: TOOLS }));
    expect(events.flatMap((event) => ('delta' in event ? [event.delta] : [])).join('')).toBe(
      '{"city":"Paris"}',
    );
    const output = { type: 'function_call_output' as const, call_id: call.call_id, output: 'Rain.' };
    const told = await client.responses.create({ model: 'local-model', input: [...input, call, output] });
    expect(told.output_text).toBe('`get_weather` returned: Rain.');
    const sameByReference = await client.responses.create({
      model: 'local-model',
      input: [output],
      previous_response_id: called.id,
    });
    expect(sameByReference.output_text).toBe(told.output_text);
    await expect(
      client.responses.create({ model: 'local-model', input: [...input, call] }),
    ).rejects.toMatchObject({ status: 400, message: expect.stringContaining(call.call_id) });
  });

  it('goes on in the background without its client, and is read again from any event on', async () => {
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    model.onPiece = async (piece) => {
      if (piece !== 'far.\n') return;
      reached.resolve();
      await held.promise;
    };
    const seen: OpenAI7.Responses.ResponseStreamEvent[] = [];
    for await (const event of await ask({ background: true })) {
      seen.push(event);
      if (event.type === 'response.output_text.delta' && event.delta === 'seen ') break;
    }
    await reached.promise;
    const [first] = seen;
    const id = first?.type === 'response.created' ? first.response.id : '';
    expect(await client.responses.retrieve(id)).toMatchObject({ status: 'in_progress' });
    const again = await client.responses.retrieve(id, {
      stream: true,
      starting_after: seen.at(-1)?.sequence_number ?? 0,
    });
    held.resolve();
    const rest = await all(again);
    expect([...seen, ...rest].map(({ sequence_number: number }) => number)).toEqual(
      [...seen, ...rest].map((_event, index) => index),
    );
    const deltas = [...seen, ...rest].flatMap((event) =>
      event.type === 'response.output_text.delta' ? [event.delta] : [],
    );
    expect(deltas.join('')).toBe(ANSWER);
    expect(await client.responses.retrieve(id)).toMatchObject({ status: 'completed', output_text: ANSWER });
  });

  it('is cancelled in the background, and keeps what was said', async () => {
    const reached = Promise.withResolvers<void>();
    model.onPiece = (piece) => {
      if (piece !== 'made ') return Promise.resolve();
      reached.resolve();
      return new Promise(() => {});
    };
    const id = Promise.withResolvers<string>();
    const reading = (async () => {
      const types: string[] = [];
      for await (const event of await ask({ background: true })) {
        if (event.type === 'response.created') id.resolve(event.response.id);
        types.push(event.type);
      }
      return types;
    })();
    await reached.promise;
    const cancelled = await client.responses.cancel(await id.promise);
    expect(cancelled).toMatchObject({
      status: 'cancelled',
      output: [{ status: 'incomplete', content: [{ text: 'A sail is ' }] }],
    });
    expect((await reading).at(-1)).toBe('response.output_text.delta');
    expect(await client.responses.cancel(await id.promise)).toMatchObject({ status: 'cancelled' });
    const other = await client.responses.create({ model: 'local-model', input: 'hello' });
    await expect(client.responses.cancel(other.id)).rejects.toMatchObject({ status: 400 });
  });

  it('fails, is cut off and stops at max_output_tokens when it is told to', async () => {
    const failed = await all(await ask({ model: 'local-model:fail=after:3' })).catch((error) => [error]);
    // Version 7 throws the error event, version 6 hands it on.
    const expected = Client === OpenAI7 ? { code: 'server_error' } : { type: 'response.failed' };
    expect(failed.at(-1)).toMatchObject(expected);
    const texts: string[] = [];
    const cut = await ask({ model: 'local-model:cut=after:3', background: true });
    let id = '';
    await expect(async () => {
      for await (const event of cut) {
        if (event.type === 'response.created') id = event.response.id;
        if (event.type === 'response.output_text.delta') texts.push(event.delta);
      }
    }).rejects.toThrow();
    expect(texts.join('')).toBe('A sail is ');
    const rest = await all(await client.responses.retrieve(id, { stream: true }));
    expect(rest.at(-1)).toMatchObject({ type: 'response.completed' });
    const short = await client.responses.create({
      model: 'local-model',
      input: QUESTION,
      max_output_tokens: 2,
    });
    expect(short).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output_text: 'A sail i',
    });
  });
});

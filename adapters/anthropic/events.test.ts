import { ModelError, type ModelEvent } from '@sockudo/ai-transport/model';
import { describe, expect, it } from 'vitest';
import { fromAnthropic } from './events.ts';
import type { JsonMap } from './json.ts';
import { block, CITED_TEXT, message, REFUSED, text, thinking, tool, WEB_SEARCH } from './testing/messages.ts';

async function* streamOf(events: readonly unknown[]): AsyncGenerator<unknown> {
  yield* events;
}

async function read(events: readonly unknown[]): Promise<ModelEvent[]> {
  const all: ModelEvent[] = [];
  for await (const event of fromAnthropic(streamOf(events))) all.push(event);
  return all;
}

/** What is said between the first report of usage and the last. */
async function said(blocks: readonly JsonMap[]): Promise<ModelEvent[]> {
  const events = await read(message(blocks));
  return events.slice(2, -2);
}

const rejected = (events: readonly unknown[]): Promise<unknown> =>
  read(events).then(
    () => null,
    (error: unknown) => error,
  );

describe('text, thinking', () => {
  it('streams text between response and finish', async () => {
    expect(await read(message(text(0, 'Hel', 'lo')))).toEqual([
      { type: 'response', provider: 'anthropic', id: 'msg_01', model: 'claude-test-1' },
      expect.objectContaining({ type: 'usage' }),
      { type: 'text-start', id: 'msg_01-0' },
      { type: 'text-delta', id: 'msg_01-0', text: 'Hel' },
      { type: 'text-delta', id: 'msg_01-0', text: 'lo' },
      { type: 'text-end', id: 'msg_01-0' },
      expect.objectContaining({ type: 'usage' }),
      { type: 'finish', reason: 'stop', rawReason: 'end_turn' },
    ]);
  });

  it('gives the signature of what was thought', async () => {
    expect(await said(thinking(0, 'c2ln', 'Let me', ' see'))).toEqual([
      { type: 'reasoning-start', id: 'msg_01-0' },
      { type: 'reasoning-delta', id: 'msg_01-0', text: 'Let me' },
      { type: 'reasoning-delta', id: 'msg_01-0', text: ' see' },
      { type: 'reasoning-end', id: 'msg_01-0', metadata: { anthropic: { signature: 'c2ln' } } },
    ]);
  });

  it('keeps thinking that nobody may read', async () => {
    expect(await said(block(0, { type: 'redacted_thinking', data: 'EmwK' }))).toEqual([
      { type: 'reasoning-start', id: 'msg_01-0' },
      { type: 'reasoning-end', id: 'msg_01-0', metadata: { anthropic: { redactedData: 'EmwK' } } },
    ]);
  });

  it('reads what stands in the start of a block already', async () => {
    const events = await said(block(0, { type: 'text', text: 'Hi' }, { type: 'text_delta', text: '!' }));
    expect(events.flatMap((event) => (event.type === 'text-delta' ? event.text : []))).toEqual(['Hi', '!']);
  });

  it('tells of citations, and gives them with the text that they belong to', async () => {
    const events = await said(CITED_TEXT);
    expect(events.filter(({ type }) => type === 'source')).toMatchObject([
      { sourceId: 'msg_01-0-1', kind: 'url', url: 'https://weather.example/today', title: 'Weather' },
      { sourceId: 'msg_01-0-2', kind: 'document', title: 'Almanac' },
    ]);
    expect(events.at(-1)).toMatchObject({
      type: 'text-end',
      metadata: { anthropic: { citations: [{ encrypted_index: 'Eo8B' }, { start_page_number: 3 }] } },
    });
  });
});

describe('tools', () => {
  it('gives the input as it came, piece by piece and whole', async () => {
    expect(await said(tool(0, 'toolu_1', 'weather', '', '{"city":', '"Rome"}'))).toEqual([
      { type: 'tool-input-start', toolCallId: 'toolu_1', toolName: 'weather' },
      { type: 'tool-input-delta', toolCallId: 'toolu_1', text: '{"city":' },
      { type: 'tool-input-delta', toolCallId: 'toolu_1', text: '"Rome"}' },
      {
        type: 'tool-input-end',
        toolCallId: 'toolu_1',
        toolName: 'weather',
        inputText: '{"city":"Rome"}',
      },
    ]);
  });

  it('calls a tool without arguments with an empty object', async () => {
    const events = await said(tool(0, 'toolu_1', 'now', ''));
    expect(events.slice(1)).toEqual([
      { type: 'tool-input-delta', toolCallId: 'toolu_1', text: '{}' },
      { type: 'tool-input-end', toolCallId: 'toolu_1', toolName: 'now', inputText: '{}' },
    ]);
  });

  it('keeps apart what interleaves', async () => {
    const [a1, a2, a3] = tool(0, 'toolu_a', 'one', '{"a":1}');
    const [b1, b2, b3] = tool(1, 'toolu_b', 'two', '{"b":2}');
    const events = await said([a1, b1, b2, a2, b3, a3].filter((event) => event !== undefined));
    const ends = events.filter(({ type }) => type === 'tool-input-end');
    expect(ends).toMatchObject([
      { toolCallId: 'toolu_b', toolName: 'two', inputText: '{"b":2}' },
      { toolCallId: 'toolu_a', toolName: 'one', inputText: '{"a":1}' },
    ]);
  });

  it('keeps who called, and of which kind a call is', async () => {
    const caller = { type: 'code_execution_20260120', tool_id: 'srvtoolu_9' };
    const call = {
      type: 'mcp_tool_use',
      id: 'mcptoolu_1',
      name: 'find',
      input: {},
      server_name: 's',
      caller,
    };
    const events = await said(block(0, call));
    expect(events[0]).toMatchObject({ type: 'tool-input-start', providerExecuted: true });
    expect(events.at(-1)).toMatchObject({
      metadata: { anthropic: { type: 'mcp_tool_use', server_name: 's', caller } },
    });
  });

  it('tells what the provider ran itself, with the output as it has to go back', async () => {
    const events = await said(WEB_SEARCH);
    expect(events[0]).toEqual({
      type: 'tool-input-start',
      toolCallId: 'srvtoolu_1',
      toolName: 'web_search',
      providerExecuted: true,
    });
    expect(events.find(({ type }) => type === 'tool-output')).toEqual({
      type: 'tool-output',
      toolCallId: 'srvtoolu_1',
      output: { type: 'web_search_tool_result', content: [expect.objectContaining({ title: 'Weather' })] },
      providerExecuted: true,
    });
  });

  it('marks what failed', async () => {
    const content = { type: 'web_search_tool_result_error', error_code: 'unavailable' };
    const failed = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content };
    expect(await said(block(0, failed))).toMatchObject([{ type: 'tool-output', isError: true }]);
  });
});

describe('ends', () => {
  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool-calls'],
    ['refusal', 'refusal'],
    ['pause_turn', 'pause'],
    ['a_later_word', 'other'],
  ])('says %s as %s', async (rawReason, reason) => {
    const events = await read(message([], { stopReason: rawReason }));
    expect(events.at(-1)).toEqual({ type: 'finish', reason, rawReason });
  });

  it('keeps why it was refused', async () => {
    const events = await read(message([], REFUSED));
    expect(events).toContainEqual({
      type: 'provider',
      provider: 'anthropic',
      name: 'message_delta',
      data: expect.objectContaining({ delta: expect.objectContaining(REFUSED.delta) }),
    });
  });

  it('counts what came from a cache, or went into it, as input', async () => {
    const usage = { output_tokens: 50, output_tokens_details: { thinking_tokens: 20 }, input_tokens: null };
    const events = await read(message(text(0, 'x'), { usage }));
    expect(events.findLast(({ type }) => type === 'usage')).toEqual({
      type: 'usage',
      usage: {
        inputTokens: 135,
        outputTokens: 50,
        reasoningTokens: 20,
        cachedInputTokens: 100,
        totalTokens: 185,
        raw: {
          input_tokens: 25,
          cache_creation_input_tokens: 10,
          cache_read_input_tokens: 100,
          output_tokens: 50,
          output_tokens_details: { thinking_tokens: 20 },
        },
      },
    });
  });

  it('is cut off where the message does not end', async () => {
    expect(await rejected(message(text(0, 'Hel')).slice(0, -1))).toMatchObject({ code: 'connection' });
    expect(await rejected([])).toMatchObject({ code: 'connection' });
  });

  it('fails with what the provider reports', async () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const failure = await rejected([...message(text(0, 'Hel')).slice(0, 4), error]);
    expect(failure).toBeInstanceOf(ModelError);
    expect(failure).toMatchObject({ code: 'overloaded', isRetryable: true, message: 'Overloaded' });
  });
});

describe('what is not known', () => {
  it('is passed on as it came', async () => {
    const event = { type: 'weather_report', sky: 'blue' };
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'rhyme_delta', rhyme: 'a' } };
    const blocks = block(0, { type: 'poem', lines: [] }, { type: 'line_delta', line: 'Roses' });
    const all = [event, ...text(0, 'x').toSpliced(1, 0, delta), ...blocks];
    const kept = (await said(all)).filter(({ type }) => type === 'provider');
    expect(kept).toEqual([
      { type: 'provider', provider: 'anthropic', name: 'weather_report', data: event },
      { type: 'provider', provider: 'anthropic', name: 'content_block_delta', data: delta },
      ...blocks.map((data) => ({ type: 'provider', provider: 'anthropic', name: data.type, data })),
    ]);
  });

  it('never ends the program: anything that is JSON is read or refused with a ModelError', async () => {
    for (const odd of [null, 7, 'x', [], {}, { type: 'content_block_start' }, { type: 'message_start' }])
      expect(await rejected([odd])).toMatchObject({ code: 'connection' });
    expect(await rejected([{ type: 'error' }])).toMatchObject({ code: 'provider_error' });
  });

  it('lets no stream open blocks without end', async () => {
    const starts = Array.from({ length: 300 }, (_, index) => ({
      type: 'content_block_start',
      index,
      content_block: { type: 'text', text: '' },
    }));
    expect(await rejected(starts)).toMatchObject({ code: 'provider_error' });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgent } from '../agent/agent.ts';
import type { Run } from '../agent/run.ts';
import { FakeServer, type Operation } from '../agent/testing/fake-server.ts';
import { aiExtrasError } from '../wire/index.ts';
import { ModelError } from './errors.ts';
import type { ModelEvent } from './events.ts';
import { heldEvents } from './testing/held-events.ts';
import { writeModel } from './write.ts';

let server: FakeServer;
let run: Run;

beforeEach(async () => {
  server = await FakeServer.start();
  run = createAgent({ sockudo: server.sdk() }).session('private-ai-1').run({ runId: 'run_1' });
  await run.start();
});
afterEach(() => server.close());

async function* all(...events: readonly ModelEvent[]): AsyncGenerator<ModelEvent> {
  yield* events;
}

const isOf =
  (type: string) =>
  ({ kind, codec }: Operation): boolean =>
    kind === 'create' && codec.type === type;
const holds = (text: string) => () => [...server.messages.values()].some(({ data }) => data === text);

interface Piece {
  readonly type: string | undefined;
  readonly data: string;
}

/** What stands in the channel, in its order. */
const pieces = (): readonly Piece[] =>
  [...server.messages.values()]
    .filter(({ name }) => name === 'ai-output')
    // CAST: as the run wrote it.
    .map(({ data, extras }) => ({ type: (extras as Extras).ai.codec.type, data }));

type Extras = { readonly ai: { readonly codec: Readonly<Record<string, string>> } };

const codecOf = (type: string): Readonly<Record<string, string>> => {
  for (const { extras } of server.messages.values()) {
    const { codec } = (extras as Extras).ai;
    if (codec?.type === type) return codec;
  }
  throw new Error(`nothing of type ${type}`);
};

const failure = (work: Promise<unknown>): Promise<ModelError> =>
  work.then(
    () => expect.fail(),
    (error) => error,
  );

describe('a model that is written into a run', () => {
  it('is one message of pieces in their order, with headers that the server takes', async () => {
    const metadata = { anthropic: { signature: 's' } };
    const result = await writeModel(
      run,
      all(
        { type: 'response', provider: 'p', id: 'r1', model: 'm1' },
        { type: 'reasoning-start', id: '0' },
        { type: 'reasoning-delta', id: '0', text: 'Hm' },
        { type: 'reasoning-end', id: '0', metadata },
        { type: 'text-start', id: '1' },
        { type: 'text-delta', id: '1', text: 'It ' },
        { type: 'text-delta', id: '1', text: 'rains' },
        { type: 'text-end', id: '1' },
        { type: 'source', sourceId: 's1', kind: 'url', url: 'https://e.example', title: 'E' },
        { type: 'tool-input-start', toolCallId: 'c1', toolName: 'rain' },
        { type: 'tool-input-delta', toolCallId: 'c1', text: '{"in":"Bo' },
        { type: 'tool-input-delta', toolCallId: 'c1', text: 'nn"}' },
        { type: 'tool-input-end', toolCallId: 'c1', toolName: 'rain', inputText: '{"in":"Bonn"}' },
        { type: 'tool-output', toolCallId: 'c1', output: { mm: 3 } },
        { type: 'usage', usage: { inputTokens: 2 } },
        { type: 'usage', usage: { outputTokens: 5 } },
        { type: 'finish', reason: 'tool-calls', rawReason: 'tool_use' },
      ),
    );
    expect(pieces().filter(({ data }) => !data.includes('response'))).toEqual([
      { type: 'reasoning-end', data: 'Hm' },
      { type: 'text-end', data: 'It rains' },
      { type: 'source-url', data: 'https://e.example' },
      { type: 'tool-input-available', data: '{"in":"Bonn"}' },
      { type: 'tool-output-available', data: '{"mm":3}' },
      {
        type: 'message-metadata',
        data: JSON.stringify({
          type: 'message-metadata',
          messageMetadata: { usage: { inputTokens: 2, outputTokens: 5 } },
        }),
      },
      {
        type: 'finish',
        data: JSON.stringify({
          type: 'finish',
          finishReason: 'tool-calls',
          reason: 'tool-calls',
          rawReason: 'tool_use',
        }),
      },
    ]);
    expect(codecOf('reasoning-end').providerMetadata).toBe(JSON.stringify(metadata));
    expect(codecOf('tool-input-available')).toMatchObject({ 'tool-call-id': 'c1', 'tool-name': 'rain' });
    for (const { transport, codec } of server.operations)
      expect(aiExtrasError({ transport, codec })).toBeNull();
    const ids = server.operations.slice(1).map(({ transport }) => transport['codec-message-id']);
    expect(new Set(ids).size).toBe(1);
    expect(result).toMatchObject({
      text: 'It rains',
      reasoning: 'Hm',
      toolCalls: [
        { toolCallId: 'c1', toolName: 'rain', inputText: '{"in":"Bonn"}', providerExecuted: false },
      ],
      usage: { inputTokens: 2, outputTokens: 5 },
      finishReason: 'tool-calls',
      response: { provider: 'p', id: 'r1', model: 'm1' },
      status: 'complete',
    });
    expect(result.content.map(({ type }) => type)).toEqual([
      'reasoning',
      'text',
      'source',
      'tool-call',
      'tool-output',
    ]);
  });

  it('streams pieces that grow at once, each into its own message', async () => {
    const source = heldEvents(
      { type: 'tool-input-start', toolCallId: 'a', toolName: 't' },
      { type: 'tool-input-delta', toolCallId: 'a', text: '[1' },
      { type: 'tool-input-start', toolCallId: 'b', toolName: 't' },
      { type: 'tool-input-delta', toolCallId: 'b', text: '[2' },
    );
    const written = writeModel(run, source.iterable);
    await server.until(({ codec, kind }) => kind === 'create' && codec['tool-call-id'] === 'b');
    source.push({ type: 'tool-input-delta', toolCallId: 'a', text: ',1]' });
    source.push({ type: 'tool-input-delta', toolCallId: 'b', text: ',2]' });
    await server.until(holds('[1,1]'));
    await server.until(holds('[2,2]'));
    source.end(
      { type: 'tool-input-end', toolCallId: 'b', toolName: 't', inputText: '[2,2]' },
      {
        type: 'tool-input-end',
        toolCallId: 'a',
        toolName: 't',
        inputText: '[1,1]',
      },
    );
    const { toolCalls } = await written;
    expect(toolCalls.map(({ inputText }) => inputText)).toEqual(['[1,1]', '[2,2]']);
    expect(pieces().map(({ data }) => data)).toEqual(['[1,1]', '[2,2]']);
  });

  it('gives a piece its place before the next one is written', async () => {
    // The first one has to be published again: whatever did not wait for it would stand before it.
    let creates = 0;
    server.fault = ({ kind, name }) =>
      kind === 'create' && name === 'ai-output' && creates++ === 0 ? 'cut' : null;
    const deltas = Array.from(
      { length: 5 },
      (_, n): ModelEvent => ({ type: 'text-delta', id: `${n}`, text: `${n}` }),
    );
    await writeModel(run, all(...deltas));
    expect(pieces().map(({ data }) => data)).toEqual(['0', '1', '2', '3', '4']);
  });

  it('writes a call without input, and what a provider wants back of a piece without text', async () => {
    await writeModel(
      run,
      all(
        { type: 'reasoning-start', id: '0' },
        { type: 'reasoning-end', id: '0', metadata: { p: { redacted: 'x' } } },
        { type: 'text-start', id: '1' },
        { type: 'text-end', id: '1' },
        { type: 'tool-input-start', toolCallId: 'c', toolName: 'now' },
        { type: 'tool-input-end', toolCallId: 'c', toolName: 'now', inputText: '' },
      ),
    );
    expect(pieces()).toEqual([
      { type: 'reasoning-end', data: '' },
      { type: 'tool-input-available', data: '{}' },
    ]);
    expect(codecOf('reasoning-end').providerMetadata).toBe('{"p":{"redacted":"x"}}');
  });

  it('writes what has no room in a header beside its piece, and keeps of an event that is too large its size', async () => {
    const long = 'x'.repeat(70_000);
    await writeModel(
      run,
      all(
        { type: 'reasoning-delta', id: '0', text: 'Hm' },
        { type: 'reasoning-end', id: '0', metadata: { p: { sealed: long } } },
        { type: 'provider', provider: 'p', name: 'n', data: long },
        { type: 'provider', provider: 'p', name: 'small', data: { a: 1 } },
      ),
    );
    const [reasoning, metadata, large, small] = pieces();
    expect(reasoning).toEqual({ type: 'reasoning-end', data: 'Hm' });
    expect(JSON.parse(metadata?.data ?? '')).toEqual({ p: { sealed: long } });
    expect(codecOf('data-provider-metadata').id).toBe(codecOf('reasoning-end').id);
    expect(JSON.parse(large?.data ?? '')).toEqual({ provider: 'p', name: 'n', omittedBytes: 70_002 });
    expect(JSON.parse(small?.data ?? '')).toEqual({ provider: 'p', name: 'small', data: { a: 1 } });
  });

  it('keeps the text of a model that fails, closed with its error, and throws that', async () => {
    const source = heldEvents(
      { type: 'text-delta', id: '0', text: 'so far' },
      { type: 'usage', usage: { inputTokens: 1 } },
    );
    const written = failure(writeModel(run, source.iterable));
    await server.until(isOf('text-start'));
    const error = new ModelError('overloaded', 'secret words', { status: 529 });
    source.fail(error);
    expect(await written).toBe(error);
    expect(pieces().map(({ type, data }) => [type, data.slice(0, 6)])).toEqual([
      ['text-end', 'so far'],
      ['message-metadata', '{"type'],
    ]);
    const closed = server.operations.find(({ transport }) => transport.status === 'cancelled');
    expect(closed?.transport['error-code']).toBe('overloaded');
    expect(JSON.stringify(server.operations)).not.toContain('secret');
    expect(run.state).toBe('running');
  });

  it('makes a typed error of whatever is thrown', async () => {
    const source = heldEvents();
    const written = failure(writeModel(run, source.iterable));
    await source.isRead();
    const cause = new TypeError('x is no function');
    source.fail(cause);
    expect(await written).toMatchObject({
      name: 'ModelError',
      code: 'provider_error',
      cause,
      isRetryable: false,
    });
  });

  it('lets go of a model that says nothing as soon as the run is cancelled', async () => {
    const source = heldEvents(
      { type: 'text-delta', id: '0', text: 'so far' },
      { type: 'tool-input-start', toolCallId: 'c', toolName: 't' },
      { type: 'tool-input-delta', toolCallId: 'c', text: '{"a' },
      { type: 'usage', usage: { inputTokens: 1 } },
    );
    const written = writeModel(run, source.iterable);
    await server.until(isOf('tool-input-start'));
    run.cancel();
    expect(await written).toMatchObject({
      status: 'cancelled',
      text: 'so far',
      toolCalls: [],
      finishReason: undefined,
    });
    await source.gone;
    expect(pieces().map(({ type }) => type)).toEqual([
      'text-end',
      'tool-input-available',
      'message-metadata',
      'abort',
    ]);
    const closed = server.operations.filter(({ transport }) => transport.status === 'cancelled');
    expect(closed).toHaveLength(2);
  });

  it('throws no error of a model that was cancelled', async () => {
    const source = heldEvents({ type: 'text-delta', id: '0', text: 'a' });
    run.signal.addEventListener('abort', () => source.fail(new Error('aborted')));
    const written = writeModel(run, source.iterable);
    await server.until(isOf('text-start'));
    run.cancel();
    expect(await written).toMatchObject({ status: 'cancelled' });
  });

  it('lets go of the model when nothing can be written any more', async () => {
    server.fault = ({ kind, name }) =>
      kind === 'create' && name === 'ai-output' ? { status: 403, code: 'fenced' } : null;
    const source = heldEvents({ type: 'text-delta', id: '0', text: 'a' });
    expect(await failure(writeModel(run, source.iterable))).toMatchObject({
      name: 'AgentError',
      code: 'fenced',
    });
    await source.gone;
    expect(pieces()).toEqual([]);
  });

  it('closes a call that the model did not complete as cut off, and does not count it', async () => {
    const { toolCalls, content } = await writeModel(
      run,
      all(
        { type: 'tool-input-start', toolCallId: 'c', toolName: 't' },
        { type: 'tool-input-delta', toolCallId: 'c', text: '{"a' },
        { type: 'finish', reason: 'length' },
      ),
    );
    expect(toolCalls).toEqual([]);
    expect(content).toMatchObject([{ type: 'tool-call', isComplete: false }]);
    expect(server.operations.find(({ transport }) => transport.status === 'cancelled')?.codec.type).toBe(
      'tool-input-available',
    );
    expect(pieces().at(-1)?.type).toBe('finish');
  });

  it('is bounded', async () => {
    const starts = Array.from({ length: 65 }, (_, n): ModelEvent => ({ type: 'text-start', id: `${n}` }));
    expect(await failure(writeModel(run, all(...starts)))).toMatchObject({ code: 'provider_error' });
    const id = 'x'.repeat(257);
    const call: ModelEvent = { type: 'tool-output', toolCallId: id, output: 1 };
    expect(await failure(writeModel(run, all(call)))).toMatchObject({ code: 'provider_error' });
  });
});

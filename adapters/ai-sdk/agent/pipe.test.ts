// How a stream of chunks ends: by itself, by a cancel, with an error, waiting for somebody.
import { APICallError, RetryError, streamText, ToolLoopAgent, tool } from 'ai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAgent } from '../../../ai-transport/agent/agent.ts';
import type { Run } from '../../../ai-transport/agent/run.ts';
import { FakeServer } from '../../../ai-transport/agent/testing/fake-server.ts';
import { type AnyChunk, type Chunk, chunkOfAny } from '../parts/chunk.ts';
import { assistantMessage } from '../parts/reading.ts';
import { piecesAfter } from '../testing/channel.ts';
import { finish, Model, text, toolCall } from '../testing/chat-world.ts';
import { modelErrorOf } from './errors.ts';
import { pipeUIMessageStream } from './pipe.ts';
import { pipeResult } from './pipe-result.ts';

let server: FakeServer;
let run: Run;
beforeEach(async () => {
  server = await FakeServer.start();
  run = createAgent({ sockudo: server.sdk() }).session('c').run({ runId: 'r' });
  await run.start();
});
afterEach(() => server.close());

const stream = (...chunks: readonly AnyChunk[]): ReadableStream<Chunk> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunkOfAny(chunk));
      controller.close();
    },
  });
const said: readonly AnyChunk[] = [
  { type: 'text-start', id: '0' },
  { type: 'text-delta', id: '0', delta: 'Half' },
];
const parts = (): unknown => assistantMessage('m', piecesAfter(server), { over: null }).parts;
const statuses = (): unknown[] => piecesAfter(server).map(({ status }) => status);

/** A stream in the test's hands. */
function held(...chunks: readonly AnyChunk[]) {
  let source: ReadableStreamDefaultController<Chunk> | undefined;
  let cancelled: unknown = null;
  const readable = new ReadableStream<Chunk>({
    start(controller: ReadableStreamDefaultController<Chunk>) {
      source = controller;
      for (const chunk of chunks) controller.enqueue(chunkOfAny(chunk));
    },
    cancel(reason) {
      cancelled = reason;
    },
  });
  return { readable, source, cancelled: () => cancelled };
}

describe('pipeUIMessageStream', () => {
  it('lets go of the stream when the run is cancelled, and keeps what had come', async () => {
    const source = held(...said);
    const piped = pipeUIMessageStream(run, source.readable);
    await server.until(({ name }) => name === 'ai-output');
    run.cancel();
    expect(await piped).toMatchObject({ text: 'Half', status: 'cancelled', pending: [] });
    expect(source.cancelled()).toMatchObject({ code: 'cancelled' });
    expect(statuses()).toEqual(['cancelled']);
    expect(parts()).toMatchObject([{ text: 'Half' }]);
  });

  it('publishes nothing any more once the claim is lost', async () => {
    const source = held(...said);
    const piped = pipeUIMessageStream(run, source.readable);
    await server.until(({ name }) => name === 'ai-output');
    const before = server.operations.length;
    run.lose();
    await expect(piped).rejects.toMatchObject({ code: 'fenced' });
    expect(server.operations).toHaveLength(before);
  });

  it('keeps what came before the stream failed, and says how', async () => {
    const source = held(...said);
    const piped = pipeUIMessageStream(run, source.readable);
    await server.until(({ name }) => name === 'ai-output');
    source.source?.error(new Error('socket hang up'));
    await expect(piped).rejects.toMatchObject({ name: 'ModelError', code: 'provider_error' });
    expect(parts()).toMatchObject([{ text: 'Half' }]);
    expect(statuses()).toEqual(['cancelled']);
  });

  it('writes what follows an error, and fails then', async () => {
    const chunks = [
      ...said,
      { type: 'error', errorText: 'no' },
      { type: 'text-delta', id: '0', delta: ' a loaf' },
    ];
    await expect(pipeUIMessageStream(run, stream(...chunks))).rejects.toThrow('no');
    expect(parts()).toMatchObject([{ text: 'Half a loaf' }]);
  });

  it('suspends the run where calls wait, and tells which', async () => {
    const piped = await pipeUIMessageStream(
      run,
      stream(
        { type: 'tool-input-available', toolCallId: 'c1', toolName: 'locate', input: {} },
        { type: 'tool-input-available', toolCallId: 'c2', toolName: 'book', input: {} },
        { type: 'tool-approval-request', toolCallId: 'c2', approvalId: 'a' },
        {
          type: 'tool-input-available',
          toolCallId: 'c3',
          toolName: 'search',
          input: {},
          providerExecuted: true,
        },
        { type: 'tool-input-available', toolCallId: 'c4', toolName: 'read', input: {} },
        { type: 'tool-output-available', toolCallId: 'c4', output: 1 },
        { type: 'finish', finishReason: 'tool-calls' },
      ),
    );
    expect(piped).toMatchObject({ status: 'suspended', finishReason: 'tool-calls' });
    expect(piped.pending).toEqual([
      { toolCallId: 'c1', toolName: 'locate', waitsFor: 'output' },
      { toolCallId: 'c2', toolName: 'book', waitsFor: 'approval' },
    ]);
    expect(run.state).toBe('suspended');
  });

  it('stores no data that passes, and hands it on', async () => {
    const passing: unknown[] = [];
    const chunks = [{ type: 'data-progress', data: 7, transient: true }, ...said];
    await pipeUIMessageStream(run, stream(...chunks), { onTransient: (chunk) => passing.push(chunk) });
    expect(passing).toEqual([{ type: 'data-progress', data: 7 }]);
    expect(JSON.stringify(server.stored)).not.toContain('progress');
  });

  it('says that the stream was stopped where that was not the run', async () => {
    expect(await pipeUIMessageStream(run, stream(...said, { type: 'abort' }))).toMatchObject({
      status: 'cancelled',
      text: 'Half',
    });
  });

  it('refuses more open parts than anybody writes', async () => {
    const chunks = Array.from({ length: 300 }, (_, id) => ({ type: 'text-start', id: `${id}` }));
    await expect(pipeUIMessageStream(run, stream(...chunks))).rejects.toThrow('More than 256 parts');
  });
});

describe('pipeResult', () => {
  it('writes usage and the reason of the end', async () => {
    const model = new Model();
    model.says(...text('Hello'), finish());
    const result = await pipeResult(run, streamText({ model: model.model, prompt: 'Hi' }));
    expect(result).toMatchObject({
      text: 'Hello',
      status: 'complete',
      finishReason: 'stop',
      usage: { inputTokens: 3, outputTokens: 5 },
    });
    const message = assistantMessage('m', piecesAfter(server), { over: 'complete' });
    expect(message.metadata).toEqual({ usage: result.usage });
  });

  it('writes what an agent of the AI SDK does', async () => {
    const model = new Model();
    const tools = { add: tool({ inputSchema: z.object({}), execute: () => 3 }) };
    model.says(...toolCall('c1', 'add', {}), finish('tool-calls'));
    model.says(...text('Three'), finish());
    const agent = new ToolLoopAgent({ model: model.model, tools });
    const result = await pipeResult(run, await agent.stream({ prompt: 'Add', abortSignal: run.signal }), {
      tools,
    });
    expect(result).toMatchObject({ text: 'Three', status: 'complete', usage: { inputTokens: 6 } });
    expect(parts()).toMatchObject([
      { type: 'step-start' },
      { type: 'tool-add', state: 'output-available', output: 3 },
      { type: 'step-start' },
      { type: 'text', text: 'Three' },
    ]);
  });

  it('tells the error of the provider by code, and nobody else its words', async () => {
    const model = new Model();
    const cause = new APICallError({
      ...{ url: 'u', requestBodyValues: {}, statusCode: 429, message: 'secret words' },
      responseHeaders: { 'retry-after': '7' },
    });
    model.says(...text('Half'), { type: 'error', error: cause });
    const result = streamText({ model: model.model, prompt: 'Hi', onError: () => {} });
    await expect(pipeResult(run, result)).rejects.toMatchObject({
      ...{
        name: 'ModelError',
        code: 'rate_limited',
        status: 429,
        retryAfterMs: 7000,
        isRetryable: true,
        cause,
      },
    });
    expect(JSON.stringify(server.stored)).not.toContain('secret words');
    expect(parts()).toMatchObject([{ type: 'step-start' }, { text: 'Half' }]);
  });

  it('runs tools, and tells the model what they failed with', async () => {
    const model = new Model();
    const tools = {
      read: tool({
        inputSchema: z.object({}),
        execute: (): string => {
          throw new Error('the file is gone');
        },
      }),
    };
    model.says(...toolCall('c1', 'read', {}), finish('tool-calls'));
    const result = streamText({ model: model.model, prompt: 'Read', tools, onError: () => {} });
    await pipeResult(run, result, { tools });
    expect(parts()).toMatchObject([
      { type: 'step-start' },
      { type: 'tool-read', state: 'output-error', errorText: 'Error: the file is gone' },
    ]);
  });
});

describe('errors of the AI SDK', () => {
  const call = (statusCode: number | undefined): APICallError =>
    new APICallError({
      ...{ url: 'u', requestBodyValues: {}, message: 'm' },
      ...(statusCode !== undefined && { statusCode }),
    });

  it.each([
    [call(401), 'authentication', false],
    [call(400), 'invalid_request', false],
    [call(503), 'overloaded', true],
    [call(500), 'provider_error', true],
    [
      new RetryError({ message: 'm', reason: 'maxRetriesExceeded', errors: [call(429)] }),
      'rate_limited',
      true,
    ],
    [new TypeError('fetch failed'), 'provider_error', false],
    ['a word', 'provider_error', false],
  ])('%s is %s', (error, code, isRetryable) => {
    expect(modelErrorOf(error)).toMatchObject({ name: 'ModelError', code, isRetryable });
  });
});

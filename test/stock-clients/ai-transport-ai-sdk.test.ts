// @sockudo/ai-transport 3.0.0 as published reads what @sockudo/ai-sdk writes into a run.

import { pipeUIMessageStream } from '@sockudo/ai-sdk/agent';
import { createAgent } from '@sockudo/ai-transport/agent';
import type { UIMessageChunk } from 'ai';
import { expect, it } from 'vitest';
import { sharedTestServer } from '../support/shared-test-server.ts';
import { startAiServer, started, userMessage, userSession } from '../support/upstream-ai-transport.ts';

const server = sharedTestServer(startAiServer);

/** A session of upstream's whose question our agent answers with these chunks; what it shows in the end. */
async function answered(channel: string, chunks: readonly UIMessageChunk[]): Promise<readonly unknown[]> {
  const { app, host, port } = server;
  const agent = createAgent({ appId: app.id, key: app.key, secret: app.secret, host, port });
  const failures: unknown[] = [];
  const answer = async (body: string): Promise<void> => {
    const { runId, clientId, invocationId } = JSON.parse(body);
    const run = agent.session(channel).run({ runId, clientId, invocationId });
    await run.start();
    const stream = new ReadableStream<UIMessageChunk>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    await pipeUIMessageStream(run, stream, { suspend: false });
    await run.end();
  };
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    answer(String(init?.body)).catch((error: unknown) => failures.push(error));
    return new Response(null, { status: 202 });
  };
  const session = await userSession(server, channel, { fetch: fetch as typeof globalThis.fetch });
  const run = await started(session.view.send(userMessage('u1', 'go')));
  await session.waitForRun({ runId: run.runId });
  expect(failures).toEqual([]);
  // Live, that package leaves out the text that a message is created with, whoever creates it.
  const later = await userSession(server, channel, { user: 'bob' });
  await later.view.loadOlder();
  return later.view.getMessages().find(({ role }) => role === 'assistant')?.parts ?? [];
}

it('shows text, reasoning, tools, sources and data', async () => {
  const parts = await answered('private-ai-words', [
    { type: 'start' },
    { type: 'start-step' },
    { type: 'reasoning-start', id: 'r' },
    { type: 'reasoning-delta', id: 'r', delta: 'Let me see.' },
    { type: 'reasoning-end', id: 'r', providerMetadata: { anthropic: { signature: 'x'.repeat(600) } } },
    { type: 'tool-input-start', toolCallId: 'c1', toolName: 'weather', dynamic: true },
    { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: '{"city":"Bern"}' },
    {
      type: 'tool-input-available',
      toolCallId: 'c1',
      toolName: 'weather',
      input: { city: 'Bern' },
      dynamic: true,
    },
    { type: 'tool-output-available', toolCallId: 'c1', output: { degrees: 20 } },
    { type: 'finish-step' },
    { type: 'start-step' },
    { type: 'source-url', sourceId: 's1', url: 'https://example.com', title: 'Example' },
    { type: 'text-start', id: 't' },
    { type: 'text-delta', id: 't', delta: 'Twenty' },
    { type: 'text-delta', id: 't', delta: ' degrees.' },
    { type: 'text-end', id: 't' },
    { type: 'data-note', data: { a: 1 } },
    { type: 'finish', finishReason: 'stop' },
  ]);
  expect(parts).toEqual(
    [
      { type: 'reasoning', text: 'Let me see.' },
      { type: 'dynamic-tool', toolName: 'weather', input: { city: 'Bern' }, output: { degrees: 20 } },
      { type: 'source-url', url: 'https://example.com' },
      { type: 'text', text: 'Twenty degrees.' },
      { type: 'data-note', data: { a: 1 } },
    ].map((part) => expect.objectContaining(part)),
  );
});

it('shows the rest where something is said that it has no word for', async () => {
  const parts = await answered('private-ai-no-words', [
    { type: 'start' },
    { type: 'text-start', id: 't' },
    { type: 'text-delta', id: 't', delta: 'Cited.' },
    { type: 'text-end', id: 't', providerMetadata: { openai: { encrypted: 'x'.repeat(9000) } } },
    { type: 'steering-message', id: 's', parts: [{ type: 'text', text: 'more' }] },
    { type: 'finish', finishReason: 'stop' },
  ]);
  expect(parts).toMatchObject([{ type: 'text', text: 'Cited.' }]);
});

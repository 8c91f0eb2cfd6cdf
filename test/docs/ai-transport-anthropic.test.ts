// docs/ai-transport/anthropic.md works as it is written: its snippets run word for word, with the real client package.
import Anthropic from '@anthropic-ai/sdk';
import { createAgent, createWorker, type RunHandler, type Worker } from '@sockudo/ai-transport/agent';
import { writeModel } from '@sockudo/ai-transport/model';
import * as anthropic from '@sockudo/anthropic';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { message, sse, text, tool } from '../../adapters/anthropic/testing/messages.ts';
import { StreamServer } from '../../ai-transport/model/testing/stream-server.ts';
import { runSnippet as run, snippetWith } from '../support/page-snippets.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const snippet = (words: string): string => snippetWith('ai-transport/anthropic', words);

let server: TestServer;
let api: StreamServer;
let given: Record<string, unknown>;
beforeEach(async () => {
  api = await StreamServer.start();
  server = await startTestServer({
    config: { ai_transport: { enabled: true, channels: [{ prefix: 'private-ai-' }] } },
  });
  const { app, host, port } = server;
  const options = { appId: app.id, key: app.key, secret: app.secret, host, port };
  const client = new Anthropic({ apiKey: 'test', baseURL: api.url, logLevel: 'off' });
  const params = { model: 'claude-test-1', max_tokens: 10 };
  given = { ...options, ...anthropic, createAgent, createWorker, writeModel, client, params };
});
afterEach(() => Promise.all([server.close(), api.close()]));

/** `new Anthropic()` of the page: its address is nobody's. */
class Client {
  constructor() {
    // biome-ignore lint/correctness/noConstructorReturn: stands in for the class of the page
    return given.client as Client;
  }
}

const ask = async (): Promise<void> => {
  const { sockudo } = createAgent(given as unknown as Parameters<typeof createAgent>[0]);
  await sockudo.trigger('private-ai-1', 'ai-input', 'Hi', {
    extras: { ai: { transport: { 'run-id': 'r', 'codec-message-id': 'q', role: 'user' } } },
  });
};

const agentOf = () => createAgent(given as unknown as Parameters<typeof createAgent>[0]);

async function over(): Promise<string> {
  for (;;) {
    const status = (await agentOf().claims.run('private-ai-1', 'r'))?.status ?? '';
    if (['complete', 'error', 'suspended'].includes(status)) return status;
  }
}

it('answers runs', async () => {
  api.reset({ chunks: [sse(message(text(0, 'Hello')))] });
  const { worker } = await run(snippet('createWorker('), { ...given, Anthropic: Client });
  await ask();
  expect(await over()).toBe('complete');
  // CAST: what the snippet declares.
  await (worker as Worker).stop();
  expect((await agentOf().session('private-ai-1').history()).map((each) => each.text)).toEqual([
    'Hi',
    'Hello',
  ]);
});

it('runs tools', async () => {
  const plans = [
    message(tool(0, 'toolu_1', 'weather', '{"city":"Rome"}'), { stopReason: 'tool_use' }),
    message(text(0, 'Fine.')),
  ];
  api.reset(...plans.map((events) => ({ chunks: [sse(events)] })));
  const cities: string[] = [];
  const lookUp = (city: string) => cities.push(city);
  const { handle } = await run(snippet('pick_color'), { ...given, lookUp, book: () => {} });
  await ask();
  // CAST: what the snippet declares.
  await agentOf()
    .session('private-ai-1')
    .handle('r', handle as RunHandler);
  expect(await over()).toBe('complete');
  expect(cities).toEqual(['Rome']);
});

it('goes by hand', async () => {
  api.reset({ chunks: [sse(message(text(0, 'Hello')))] });
  const reported: unknown[] = [];
  const report = (...all: unknown[]) => reported.push(...all);
  const { byHand } = await run(snippet('byHand'), { ...given, report });
  await ask();
  // CAST: what the snippet declares.
  await agentOf()
    .session('private-ai-1')
    .handle('r', byHand as RunHandler);
  expect(reported).toEqual(['Hello', 'stop', 15]);
});

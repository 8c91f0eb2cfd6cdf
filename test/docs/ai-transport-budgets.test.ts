// docs/ai-transport/budgets.md works as it is written: its snippets run word for word against a server.
import * as transport from '@sockudo/ai-transport/agent';
import * as model from '@sockudo/ai-transport/model';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type SessionServer, startSessionServer } from '../../ai-transport/client/testing/session-server.ts';
import { runSnippet as run, snippetWith } from '../support/page-snippets.ts';

const snippet = (words: string): string => snippetWith('ai-transport/budgets', words);

async function* askTheModel(): AsyncGenerator<model.ModelEvent> {
  yield { type: 'response', provider: 'test', model: 'gpt-5-mini' };
  yield { type: 'text-delta', id: '0', text: 'Hello.' };
  yield { type: 'usage', usage: { inputTokens: 1_000, outputTokens: 500 } };
  yield { type: 'finish', reason: 'stop' };
}

let server: SessionServer;
let given: Record<string, unknown>;
beforeEach(async () => {
  server = await startSessionServer();
  const { app, host, port } = server;
  const { createAgent, createWorker } = transport;
  const credentials = { appId: app.id, key: app.key, secret: app.secret, host, port };
  given = { createAgent, createWorker, ...model, ...credentials, askTheModel };
});
afterEach(() => server.close());

it('counts, limits and tells', async () => {
  const { agent, worker } = await run(snippet('new Budget'), given);
  const session = server.session('ann', { channel: 'private-ai-42' });
  const { runId } = session.send('Hello');
  await expect.poll(() => session.run(runId)?.status, { timeout: 20_000 }).toBe('complete');
  const lines: unknown[][] = [];
  const console = { log: (...words: unknown[]) => lines.push(words) };
  await run(snippet("path: '/usage'"), { ...given, agent, runId, console });
  expect(lines).toEqual([[500, 0.00125, 1]]);
  // CAST: what the snippet declares.
  await (worker as transport.Worker).stop();
});

it('waits for nobody who is there', async () => {
  const { createAgent, ...credentials } = given;
  // CAST: as imported above.
  const agent = (createAgent as typeof transport.createAgent)(credentials as never);
  const { patient } = await run(snippet('whileWatched(run'), { ...given, agent });
  // CAST: what the snippet declares.
  expect((patient as transport.Worker).stop).toBeTypeOf('function');
  await (patient as transport.Worker).stop();
});

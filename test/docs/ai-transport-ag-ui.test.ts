// docs/ai-transport/ag-ui.md works as it is written: its snippets run word for word against a server with a worker.
import { HttpAgent } from '@ag-ui/client';
import * as agUi from '@sockudo/ag-ui';
import * as serving from '@sockudo/ag-ui/serve';
import { createAgent, createWorker, type Worker } from '@sockudo/ai-transport/agent';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type SessionServer, startSessionServer } from '../../ai-transport/client/testing/session-server.ts';
import * as transport from '../../ai-transport/client/testing/session-under-test.ts';
import { runSnippet as run, snippetWith } from '../support/page-snippets.ts';

const snippet = (words: string): string => snippetWith('ai-transport/ag-ui', words);

let server: SessionServer;
let worker: Worker;
let given: Record<string, unknown>;
beforeEach(async () => {
  server = await startSessionServer();
  const { app, host, port } = server;
  worker = createWorker({
    agent: createAgent({ appId: app.id, key: app.key, secret: app.secret, host, port }),
    channelPrefix: 'private-ai-42',
    waitMs: 500,
    async handle(working, { history }) {
      const asked = (await history()).at(-1)?.text ?? '';
      await working.pipe(
        new Response(`You said: ${asked}`).body?.pipeThrough(new TextDecoderStream()) as never,
      );
    },
  });
  given = { ...transport, ...agUi, ...serving, client: server.client('ann') };
});
afterEach(async () => {
  await worker.stop();
  await server.close();
});

it('connects, says, shows', async () => {
  const shown: string[] = [];
  const { agent, session } = await run(snippet('connectAgent()'), {
    ...given,
    show: (words: string) => shown.push(words),
  });
  expect(shown.join('')).toBe('You said: Plan my week');
  // CAST: what the snippet declares.
  expect((agent as agUi.SessionAgent).messages).toHaveLength(2);
  (session as transport.Session).close();
});

it('sends tools and context along', async () => {
  const session = server.session('ann', { channel: 'private-ai-42' });
  const { telling } = await run(snippet('toSaying'), { ...given, session });
  // CAST: what the snippet declares.
  const agent = telling as agUi.SessionAgent;
  agent.addMessage({ id: 'q1', role: 'user', content: 'Hi' });
  await agent.runAgent({ tools: [{ name: 't', description: 'd' }] });
  expect(session.message('q1')?.parts[0]?.text).toContain('"tools":[{"name":"t"');
  expect(agent.messages[0]).toMatchObject({ id: 'q1', content: 'Hi' });
});

it('serves over HTTP', async () => {
  const session = server.session('ann', { channel: 'private-ai-42' });
  const { answer } = await run(snippet('serveRun'), { ...given, sessionOf: async () => session });
  // CAST: the function that the snippet declares.
  const fetch = (url: string, init: RequestInit) =>
    (answer as (request: Request) => Promise<Response>)(new Request(url, { ...init, signal: null }));
  const agent = new HttpAgent({ url: 'http://agent.example', fetch });
  agent.addMessage({ id: 'q1', role: 'user', content: 'Hi' });
  await agent.runAgent();
  expect(agent.messages.at(-1)?.content).toBe('You said: Hi');
});

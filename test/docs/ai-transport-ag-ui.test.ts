// docs/ai-transport/ag-ui.md works as it is written: its snippets run word for word against a server with a worker.
import { readFileSync } from 'node:fs';
import { HttpAgent } from '@ag-ui/client';
import * as agUi from '@sockudo/ag-ui';
import * as serving from '@sockudo/ag-ui/serve';
import { createAgent, createWorker, type Worker } from '@sockudo/ai-transport/agent';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type SessionServer, startSessionServer } from '../../ai-transport/client/testing/session-server.ts';
import * as transport from '../../ai-transport/client/testing/session-under-test.ts';

const page = readFileSync(new URL('../../docs/ai-transport/ag-ui.md', import.meta.url), 'utf8');
const snippets = [...page.matchAll(/```js\n([\s\S]*?)\n```/g)].map(([, code]) => code ?? '');
const snippet = (word: string): string => snippets.find((code) => code.includes(word)) ?? '';

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** Runs a snippet with what its reader has at hand, and answers what it declares. */
async function run(code: string, given: Record<string, unknown>): Promise<Record<string, unknown>> {
  const declared = [...code.matchAll(/^(?:const|async function) (\w+)/gm)].map(([, name]) => name);
  const known = Object.keys(given).filter((name) => name !== 'default' && !declared.includes(name));
  const body = `${code.replaceAll(/^import .*$/gm, '')}\nreturn { ${declared.join(', ')} };`;
  return new AsyncFunction(...known, body)(...known.map((name) => given[name]));
}

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

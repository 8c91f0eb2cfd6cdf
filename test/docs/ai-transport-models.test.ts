// docs/ai-transport/models.md and openai.md work as they are written: their snippets run word for word, with the real client package.
import { createAgent, createWorker, type RunHandler, type Worker } from '@sockudo/ai-transport/agent';
import * as model from '@sockudo/ai-transport/model';
import * as openai from '@sockudo/openai';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delta, stream } from '../../adapters/openai/testing/chat-fixtures.ts';
import { LONG, text } from '../../adapters/openai/testing/responses-fixtures.ts';
import { StreamServer } from '../../ai-transport/model/testing/stream-server.ts';
import { pageOf, runSnippet as run, snippetWith } from '../support/page-snippets.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const snippet = (name: string, words: string): string => snippetWith(`ai-transport/${name}`, words);

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
  const client = new OpenAI({ apiKey: 'k', baseURL: `${api.url}/v1`, logLevel: 'off' });
  given = { ...options, ...openai, ...model, createAgent, createWorker, client };
});
afterEach(() => Promise.all([server.close(), api.close()]));

/** `new OpenAI()` of the page: its address is nobody's. */
class Client {
  constructor() {
    // biome-ignore lint/correctness/noConstructorReturn: stands in for the class of the page
    return given.client as Client;
  }
}

// CAST: what the test put there.
const agentOf = () => createAgent(given as unknown as Parameters<typeof createAgent>[0]);
const say = (data: unknown, id = 'q', more: object = {}) =>
  agentOf().sockudo.trigger('private-ai-1', 'ai-input', data, {
    extras: { ai: { transport: { 'run-id': 'r', 'codec-message-id': id, role: 'user', ...more } } },
  });
const handled = (handle: unknown) =>
  agentOf()
    .session('private-ai-1')
    .handle('r', handle as RunHandler);
const texts = async () => (await agentOf().session('private-ai-1').history()).map((each) => each.text);

async function over(): Promise<string> {
  for (;;) {
    const status = (await agentOf().claims.run('private-ai-1', 'r'))?.status ?? '';
    if (['complete', 'error', 'suspended'].includes(status)) return status;
  }
}

const HELLO = { chunks: [stream(delta({ content: 'Hello' }), delta({}, 'stop'))] };

describe('docs/ai-transport/openai.md', () => {
  it('answers runs', async () => {
    api.reset(HELLO);
    const { client: _, ...rest } = given;
    const { worker } = await run(snippet('openai', 'createWorker('), { ...rest, OpenAI: Client });
    await say('Hi');
    expect(await over()).toBe('complete');
    // CAST: what the snippet declares.
    await (worker as Worker).stop();
    expect(await texts()).toEqual(['Hi', 'Hello']);
  });

  it('runs tools', async () => {
    const call = { index: 0, id: 'c', function: { name: 'weather', arguments: '{"city":"Rome"}' } };
    api.reset({ chunks: [stream(delta({ tool_calls: [call] }), delta({}, 'tool_calls'))] }, HELLO);
    const cities: string[] = [];
    const lookUp = (city: string) => cities.push(city);
    const { withTools } = await run(snippet('openai', 'withTools'), { ...given, lookUp, book: () => {} });
    await say('Hi');
    await handled(withTools);
    expect([await over(), cities]).toEqual(['complete', ['Rome']]);
  });

  it('goes by hand', async () => {
    api.reset(HELLO);
    const reported: unknown[] = [];
    const report = (...all: unknown[]) => reported.push(...all);
    const { byHand } = await run(snippet('openai', 'byHand'), { ...given, report });
    await say('Hi');
    await handled(byHand);
    expect(reported).toEqual(['Hello', 'stop', undefined]);
  });

  it('attaches to what is made in the background', async () => {
    api.plan = ({ method }) =>
      method === 'POST'
        ? { headers: { 'content-type': 'application/json' }, chunks: ['{"id":"resp_1"}'] }
        : { chunks: [text(LONG)] };
    const { inBackground } = await run(snippet('openai', 'inBackground'), given);
    await say('Hi');
    await handled(inBackground);
    expect(await texts()).toEqual(['Hi', 'abcd']);
  });

  it('lists the providers with their keys', () => {
    const rows = [
      ...pageOf('ai-transport/openai').matchAll(/^\| (`[a-z`, ]+`) \| (?:`([A-Z_]+)`|none.*) \|$/gm),
    ];
    const listed = rows.flatMap(([, names = '', key]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, key]),
    );
    const known = Object.entries(openai.OPENAI_PROVIDERS).map(([name, preset]) => [
      name,
      'keyName' in preset ? preset.keyName : undefined,
    ]);
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(known));
  });
});

describe('docs/ai-transport/models.md', () => {
  it('writes what a model says', async () => {
    const answer = agentOf().session('private-ai-1').run({ runId: 'r' });
    await answer.start();
    const result = await run(snippet('models', 'async function* events'), { ...given, run: answer });
    expect(result).toMatchObject({ text: 'It rains.', finishReason: 'stop', status: 'complete' });
    await answer.end();
  });

  it('runs tools, and goes on when a person has answered', async () => {
    const steered: unknown[] = [];
    const session = { steer: (_: string, data: unknown) => steered.push(data) };
    const asked: unknown[] = [];
    const ended = (toolName: string, toolCallId: string) => ({
      type: 'tool-input-end',
      toolCallId,
      toolName,
      inputText: '{}',
    });
    async function* myModel(conversation: unknown) {
      asked.push(conversation);
      if (asked.length === 1) yield* [ended('pay', 'c1'), ended('where', 'c2')];
      else yield { type: 'text-delta', id: '1', text: 'Paid' };
    }
    let paid = 0;
    const { handle } = await run(snippet('models', 'myModel'), {
      ...given,
      myModel,
      lookUp: () => {},
      pay: () => ++paid,
    });
    const { approve, give } = await run(snippet('models', 'session.steer(runId'), { session });
    await say('Pay');
    await handled(handle);
    expect(await over()).toBe('suspended');
    // CAST: what the snippet declares.
    (approve as (...all: unknown[]) => void)('r', 'c1');
    (give as (...all: unknown[]) => void)('r', 'c2', 'Bonn');
    for (const [index, data] of steered.entries()) {
      await say(data, `answer-${index}`, { 'run-continue': 'true' });
      await handled(handle);
    }
    expect([await over(), paid, asked.length]).toEqual(['complete', 1, 2]);
    expect((await texts()).at(-1)).toBe('Paid');
  });

  it('reads a message back', async () => {
    const shown: unknown[] = [];
    const parts = [{ text: 'Hi', codec: { type: 'text-end' } }];
    const session = { view: () => ({ messages: [{ parts }] }) };
    const show = (type: unknown) => shown.push(type);
    await run(snippet('models', 'contentOf'), { ...given, session, show });
    expect(shown).toEqual(['text']);
  });
});

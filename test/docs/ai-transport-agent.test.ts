// docs/ai-transport/agent.md and workers.md work as they are written: their snippets run word for word against a server.
import {
  type Agent,
  createAgent,
  createWorker,
  FatalRunError,
  type RunHandler,
  type Worker,
} from '@sockudo/ai-transport/agent';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSnippet as run, snippetsOf } from '../support/page-snippets.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

/** Says what it was asked. */
const model = {
  calls: 0,
  async *stream(prompt: string | readonly { content: string }[], { signal }: { signal: AbortSignal }) {
    expect(signal).toBeInstanceOf(AbortSignal);
    this.calls += 1;
    yield 'You said: ';
    yield typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join(', ');
  },
};

let server: TestServer;
let agent: Agent;
let given: Record<string, unknown>;

beforeAll(async () => {
  server = await startTestServer({
    config: { ai_transport: { enabled: true, channels: [{ prefix: 'private-ai-' }] } },
  });
  const { app, host, port } = server;
  const options = { appId: app.id, key: app.key, secret: app.secret, host, port };
  agent = createAgent(options);
  given = { ...options, agent, model, createAgent, createWorker, FatalRunError };
});
afterAll(() => server.close());

const ask = (channel: string, runId: string, data: string) =>
  agent.sockudo.trigger(channel, 'ai-input', data, {
    extras: { ai: { transport: { 'run-id': runId, 'codec-message-id': `${runId}-${data}`, role: 'user' } } },
  });

async function statusOf(channel: string, runId: string, ...wanted: string[]): Promise<string> {
  for (;;) {
    const status = (await agent.claims.run(channel, runId))?.status ?? '';
    if (wanted.includes(status)) return status;
  }
}

const textsOf = async (channel: string) => (await agent.session(channel).history()).map(({ text }) => text);

describe('docs/ai-transport/agent.md', () => {
  const [first = '', wake = '', steps = '', steer = ''] = snippetsOf('ai-transport/agent');

  it('answers a run', async () => {
    const { agent: _, ...without } = given;
    const { status, text } = await run(first, without);
    expect([status, text]).toEqual(['complete', 'You said: Say hello']);
    expect(await statusOf('private-ai-1', 'run_1', 'complete')).toBe('complete');
  });

  it('is woken by a request, and calls the model once', async () => {
    await ask('private-ai-2', 'r', 'hi');
    // CAST: the function that the snippet declares.
    const { wake: woken } = (await run(wake, given)) as { wake: (body: object) => Promise<boolean> };
    const before = model.calls;
    const body = { sessionName: 'private-ai-2', runId: 'r' };
    expect((await Promise.all([woken(body), woken(body)])).toSorted()).toEqual([false, true]);
    expect(model.calls).toBe(before + 1);
    expect(await textsOf('private-ai-2')).toEqual(['hi', 'You said: hi']);
  });

  it('suspends for an approval, and goes on with it', async () => {
    const channel = 'private-ai-3';
    const booked: string[] = [];
    const book = async (plan: string) => booked.push(plan);
    // CAST: the function that the snippet declares.
    const { handler } = (await run(steps, { ...given, book })) as { handler: RunHandler };
    await ask(channel, 'r', 'a flight');
    expect(await agent.session(channel).handle('r', handler)).toBe(true);
    expect(await statusOf(channel, 'r', 'suspended')).toBe('suspended');
    expect(booked).toEqual([]);
    await ask(channel, 'r', 'yes, book it');
    await agent.session(channel).handle('r', handler);
    expect(await statusOf(channel, 'r', 'complete', 'error')).toBe('complete');
    expect(booked).toEqual(['You said: yes, book it']);
  });

  it('takes a steer', async () => {
    const channel = 'private-ai-4';
    // CAST: the function that the snippet declares.
    const { answer } = (await run(steer, given)) as { answer: RunHandler };
    await ask(channel, 'r', 'one');
    await ask(channel, 'r', 'shorter');
    await agent.session(channel).handle('r', async (working, context) => {
      const told = new Promise<void>((resolve) => working.onSteer(() => resolve()));
      await told;
      await answer(working, context);
    });
    expect((await textsOf(channel)).at(-1)).toBe('You said: oneYou said: You said: one shorter');
  });
});

describe('docs/ai-transport/workers.md', () => {
  const [first = '', keep = '', fatal = ''] = snippetsOf('ai-transport/workers');

  it('takes runs, and stops', async () => {
    const listeners: (() => unknown)[] = [];
    const { agent: _, ...without } = given;
    const process = { once: (_name: string, listener: () => unknown) => listeners.push(listener) };
    // CAST: the constant that the snippet declares.
    const { worker } = (await run(first, { ...without, process })) as { worker: Worker };
    await ask('private-ai-5', 'r', 'hello');
    await statusOf('private-ai-5', 'r', 'complete');
    expect(await textsOf('private-ai-5')).toEqual(['hello', 'You said: hello']);
    await listeners[0]?.();
    expect(worker.active).toBe(0);
  });

  it('keeps what a step came to', async () => {
    let reads = 0;
    const readPages = () => {
      reads += 1;
      return ['one', 'two'];
    };
    // CAST: the function that the snippet declares.
    const { summarise } = (await run(keep, { ...given, readPages })) as { summarise: RunHandler };
    await ask('private-ai-7', 'r', 'x');
    let tries = 0;
    const worker = createWorker({
      agent,
      channelPrefix: 'private-ai-7',
      waitMs: 200,
      onError() {},
      async handle(...all) {
        await summarise(...all);
        tries += 1;
        if (tries === 1) throw new Error('once');
      },
    });
    await statusOf('private-ai-7', 'r', 'complete');
    await worker.stop();
    expect([reads, tries]).toEqual([1, 2]);
    expect(await textsOf('private-ai-7')).toEqual(['x', 'You said: one,two']);
  });

  it('does not try again what is hopeless', async () => {
    // CAST: the function that the snippet declares.
    const { handle } = (await run(fatal, { ...given, tooLong: true })) as { handle: RunHandler };
    await ask('private-ai-6', 'r', 'x');
    await agent.session('private-ai-6').handle('r', handle);
    expect(await agent.claims.run('private-ai-6', 'r')).toMatchObject({
      status: 'error',
      error: { code: 'too_long', message: 'The document is too long.' },
    });
  });
});

// Whole conversations with the local model, which refuses what Anthropic would: results out of place, thinking whose signature was lost.
import Anthropic from '@anthropic-ai/sdk';
import { createAgent, createWorker } from '@sockudo/ai-transport/agent';
import { contentOf } from '@sockudo/ai-transport/model';
import { expect, it, onTestFinished } from 'vitest';
import { CHANNEL, startSessionServer, until } from '../../ai-transport/client/testing/session-server.ts';
import { messageText, type Session } from '../../ai-transport/client/testing/session-under-test.ts';
import { createLocalModel } from '../local-model/index.ts';
import { anthropicHandler } from './handler.ts';

type Ask = (question: string, model?: string) => Promise<Session>;

/** Asks, and gives the session when the run is over. */
async function chat(): Promise<Ask> {
  const server = await startSessionServer();
  const local = createLocalModel({
    documents: [{ source: 'boats.md', text: '# Boats\n\nA sail is made of cloth. A mast is made of wood.' }],
    settings: 'note=off,thinking=on,speed=max',
  });
  const client = new Anthropic({ apiKey: 'none', baseURL: await local.listen({ port: 0 }), logLevel: 'off' });
  const tools = { weather: { schema: { type: 'object' }, execute: () => 'windy' } };
  const params = { model: 'local-model', max_tokens: 1000 };
  const { app, host, port } = server;
  const worker = createWorker({
    agent: createAgent({ appId: app.id, key: app.key, secret: app.secret, host, port }),
    channelPrefix: CHANNEL,
    waitMs: 500,
    maxAttempts: 1,
    onError() {},
    handle: (...all) => anthropicHandler(client, params, { tools, retries: 0 })(...all),
  });
  onTestFinished(async () => {
    await worker.stop({ graceMs: 0 });
    await Promise.all([server.close(), local.close()]);
  });
  const session = server.session('ann');
  return async (question, model = 'local-model') => {
    params.model = model;
    const { runId } = session.send(question);
    await until(session, () => ['complete', 'error'].includes(session.run(runId)?.status ?? ''));
    return session;
  };
}

const statuses = ({ runs }: Session): string[] => runs.map(({ status }) => status);

it('goes on over several turns, with thinking and tools', async () => {
  const ask = await chat();
  await ask('What is a sail made of?');
  await ask('/tool weather {"at": "sea"}');
  const session = await ask('And what is a mast made of?');
  expect(statuses(session)).toEqual(['complete', 'complete', 'complete']);
  const { messages } = session.view();
  expect(messages).toHaveLength(6);
  expect(messages[1] && messageText(messages[1])).toContain('cloth');
  expect(messages[3] && messageText(messages[3])).toContain('windy');
  const thoughts = messages
    .flatMap((message) => contentOf(message))
    .filter(({ type }) => type === 'reasoning');
  expect(thoughts.length).toBeGreaterThan(2);
  expect(thoughts.every((piece) => 'metadata' in piece)).toBe(true);
});

it.each([
  ['text', 'What is a sail made of?'],
  ['a call', '/tool weather {"where": "at sea", "when": "in the afternoon"}'],
])('goes on after %s that was cut off in the middle', async (_, question) => {
  const ask = await chat();
  await ask('Hello');
  await ask(question, 'local-model:cut=after:2');
  const session = await ask('And what is a mast made of?');
  expect(statuses(session)).toEqual(['complete', 'error', 'complete']);
  expect(session.runs[1]?.error?.code).toBe('connection');
});

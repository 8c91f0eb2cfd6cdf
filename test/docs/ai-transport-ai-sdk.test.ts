// docs/ai-transport/ai-sdk.md works as it is written: its snippets run word for word, with a model that is none.
import * as aiReact from '@ai-sdk/react';
import * as chats from '@sockudo/ai-sdk';
import * as aiAgent from '@sockudo/ai-sdk/agent';
import * as aiHooks from '@sockudo/ai-sdk/react';
import type { Session } from '@sockudo/ai-transport';
import * as agents from '@sockudo/ai-transport/agent';
import * as hooks from '@sockudo/ai-transport/react';
import * as ai from 'ai';
import { Window } from 'happy-dom';
import * as react from 'react';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { finish, Model, text } from '../../adapters/ai-sdk/testing/chat-world.ts';
import {
  type SessionServer,
  startSessionServer,
  until,
} from '../../ai-transport/client/testing/session-server.ts';
import { runSnippet as run, snippetWith } from '../support/page-snippets.ts';

const CHANNEL = 'private-ai-42';
const snippet = (words: string): string => snippetWith('ai-transport/ai-sdk', words);

let server: SessionServer;
let worker: agents.Worker;
const model = new Model();
const given: Record<string, unknown> = {
  ...{ ...agents, ...aiAgent, ...chats, ...hooks, ...aiHooks },
  ...{ createElement: react.createElement, useChat: aiReact.useChat, Chat: aiReact.Chat },
  ...{ streamText: ai.streamText, isStepCount: ai.isStepCount, model: model.model, tools: model.tools },
};

// React finishes its work a moment after a test.
const window = new Window();

beforeAll(async () => {
  vi.stubGlobal('window', window);
  vi.stubGlobal('document', window.document);
  server = await startSessionServer();
  const { app, host, port } = server;
  const options = { appId: app.id, key: app.key, secret: app.secret, host, port };
  const made = await run(snippet('createWorker({'), { ...given, ...options });
  worker = made.worker as agents.Worker;
});
afterAll(async () => {
  await worker.stop({ graceMs: 0 });
  await server.close();
  await window.happyDOM.close();
});

const said = (session: Session): string[] =>
  chats
    .toUIMessages(session)
    .map(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : '')).join(''));

describe('docs/ai-transport/ai-sdk.md', () => {
  it('answers a chat with the worker that it shows', async () => {
    const session = server.session('ann', { channel: 'private-ai-docs' });
    model.says(...text('On Monday.'), finish());
    const { chat, stopFollowing } = await run(snippet('followSession(chat, session)'), { ...given, session });
    await until(session, ({ runs }) => runs.some(({ status }) => status === 'complete'));
    expect(said(session)).toEqual(['Plan my week', 'On Monday.']);
    expect((chat as aiReact.Chat<ai.UIMessage>).messages).toHaveLength(2);
    (stopFollowing as () => void)();
  });

  it('does the same step by step', async () => {
    const { handle } = await run(snippet('pendingCalls(conversation, '), {
      ...given,
      streamText: ai.streamText,
    });
    const { app, host, port } = server;
    const agent = agents.createAgent({ appId: app.id, key: app.key, secret: app.secret, host, port });
    const session = server.session('ann', { channel: 'private-ai-steps' });
    await until(session, ({ status }) => status === 'live');
    // Nobody else takes it: the channel is outside of AI Transport's for the worker above.
    await worker.stop({ graceMs: 0 });
    model.says(...text('Step by step.'), finish());
    const sent = session.send('How?');
    await sent.published;
    await agent.session('private-ai-steps').handle(sent.runId, handle as agents.RunHandler);
    await until(session, (one) => one.run(sent.runId)?.status === 'complete');
    expect(said(session)).toEqual(['How?', 'Step by step.']);
  });

  it.each([
    ['useSockudoChat({', 'Page'],
    ['useChatTransport(session)', 'PlainChat'],
  ])('shows a chat with %s', async (part, name) => {
    const { createRoot } = await import('react-dom/client');
    const body = window.document.createElement('main');
    window.document.body.appendChild(body);
    const component = (await run(snippet(part), given))[name] as react.FunctionComponent<{ client: unknown }>;
    const root = createRoot(body);
    onTestFinished(() => root.unmount());
    const client = server.client('ann');
    const channel = `${CHANNEL}${name === 'Page' ? '' : '-plain'}`;
    const reader = server.session('bob', { channel });
    const inner = react.createElement(component, { client });
    root.render(
      name === 'Page' ? inner : react.createElement(hooks.SessionProvider, { client, channel }, inner),
    );
    await vi.waitFor(() => expect(body.querySelector('button')).not.toBeNull());
    // biome-ignore lint/suspicious/noExplicitAny: happy-dom's own type
    (body.querySelector('button') as any)?.click();
    await until(reader, (session) => said(session)[0] === 'Hello');
    await vi.waitFor(() => expect(body.textContent).toMatch(name === 'Page' ? /user: Hello/ : /1 messages/));
  });
});

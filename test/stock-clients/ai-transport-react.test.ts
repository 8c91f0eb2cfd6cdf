// The React hooks of @sockudo/ai-transport 3.0.0 as published, below this repository's provider, against this server.
import { Window } from 'happy-dom';
import { createElement, type ReactNode, useEffect } from 'react';
import { createSessionHooks } from 'upstream-ai-transport/react';
import {
  type AI,
  UIMessageCodec,
  type VercelInput,
  type VercelOutput,
  type VercelProjection,
} from 'upstream-ai-transport/vercel';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Sockudo } from '../../core/client/index.ts';
import { SockudoProvider } from '../../core/client/react/index.ts';
import { Inbox } from '../support/inbox.ts';
import { sharedTestServer } from '../support/shared-test-server.ts';
import {
  answerOf,
  clientOptions,
  endpoint,
  shown,
  startAiServer,
  tokenFor,
  userMessage,
} from '../support/upstream-ai-transport.ts';

const { ClientSessionProvider, useActiveRuns, useClientSession, useView } = createSessionHooks<
  VercelInput,
  VercelOutput,
  VercelProjection,
  AI.UIMessage
>();

const server = sharedTestServer(startAiServer);
beforeAll(() => {
  const window = new Window();
  Object.assign(globalThis, { window, document: window.document });
});

interface Rendered {
  readonly texts: readonly string[];
  readonly runs: number;
  readonly view: ReturnType<typeof useView>;
  readonly session: ReturnType<typeof useClientSession>['session'];
}

function Conversation({ commits }: { readonly commits: Inbox<Rendered> }): ReactNode {
  const { session } = useClientSession();
  const view = useView({ limit: 20 });
  const runs = useActiveRuns();
  useEffect(() => commits.push({ texts: shown(view.messages), runs: runs.size, view, session }));
  return null;
}

/** Renders a conversation of alice's on this channel; every commit is in the inbox. */
async function rendered(channelName: string, fetch?: typeof globalThis.fetch): Promise<Inbox<Rendered>> {
  const { createRoot } = await import('react-dom/client');
  const commits = new Inbox<Rendered>();
  const client = new Sockudo(server.app.key, {
    ...clientOptions(server),
    tokenProvider: () => tokenFor(server, 'alice'),
  });
  const session = {
    channelName,
    codec: UIMessageCodec,
    api: '/api/chat',
    clientId: 'alice',
    ...(fetch && { fetch }),
  };
  const root = createRoot(document.createElement('div'));
  root.render(
    createElement(
      SockudoProvider,
      { client },
      createElement(ClientSessionProvider, session, createElement(Conversation, { commits })),
    ),
  );
  onTestFinished(() => {
    root.unmount();
    client.disconnect();
  });
  return commits;
}

/** A commit with these messages and nothing under way. */
const settled =
  (...expected: string[]) =>
  ({ texts, runs }: Rendered): boolean =>
    runs === 0 && JSON.stringify(texts) === JSON.stringify(expected);

describe('the hooks', () => {
  it('send, show the answer while it is streamed and when it is over, and edit', async () => {
    let count = 0;
    const goOn = new Inbox<string>();
    const app = endpoint(server, async (run) => {
      await run.start();
      count += 1;
      await goOn.next();
      await run.streamResponse(answerOf(`t${count}`, ['answer', ` ${count}`]));
      await run.end('complete');
    });
    const commits = await rendered('private-ai-react', app.fetch);
    const { view } = await commits.next();
    await view.send(userMessage('u1', 'one'));
    await commits.next(({ runs }) => runs === 1);
    goOn.push('now');
    await commits.next(settled('user: one', 'assistant: answer 1'));
    goOn.push('now');
    await view.edit('u1', userMessage('u2', 'uno'));
    await commits.next(settled('user: uno', 'assistant: answer 2'));
    expect(app.failures).toEqual([]);
  });

  it('load what was said before', async () => {
    const channel = 'private-ai-react-late';
    const app = endpoint(server, async (run) => {
      await run.start();
      await run.streamResponse(answerOf('t1', ['answer']));
      await run.end('complete');
    });
    const earlier = await rendered(channel, app.fetch);
    const { view } = await earlier.next();
    await view.send(userMessage('u1', 'one'));
    await earlier.next(settled('user: one', 'assistant: answer'));

    const later = await rendered(channel);
    // expected: upstream keeps the space that every text begins with on the wire.
    await later.next(settled('user: one', 'assistant:  answer'));
  });
});

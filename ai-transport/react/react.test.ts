// Hooks in a page that is none (happy-dom), against a real server.
import { Window } from 'happy-dom';
import { createElement as h, type ReactNode, StrictMode, useEffect } from 'react';
import type { Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { messageText, type Session } from '../client/index.ts';
import {
  CHANNEL,
  isLive,
  type SessionServer,
  startSessionServer,
  until,
} from '../client/testing/session-server.ts';
import {
  SessionProvider,
  useMessages,
  useQueue,
  useSession,
  useSessionStatus,
  useVersions,
} from './index.ts';

let window: Window;
let createRoot: (container: unknown) => Root;
beforeAll(async () => {
  window = new Window();
  vi.stubGlobal('window', window);
  vi.stubGlobal('document', window.document);
  ({ createRoot } = await import('react-dom/client'));
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await window.happyDOM.close();
});

let server: SessionServer;
let root: Root;
beforeEach(async () => {
  server = await startSessionServer();
  root = createRoot(window.document.body.appendChild(window.document.createElement('main')));
});
afterEach(async () => {
  root.unmount();
  await server.close();
});

/** What was rendered last, and a promise for what will be. */
class Screen {
  text = '';
  session: Session | null = null;
  select: (index: number) => boolean = () => false;
  #waiting: { readonly wanted: string; readonly shown: () => void }[] = [];

  show(text: string, session: Session): void {
    this.text = text;
    this.session = session;
    for (const { wanted, shown } of this.#waiting) if (wanted === text) shown();
  }

  until(wanted: string): Promise<void> {
    if (this.text === wanted) return Promise.resolve();
    return new Promise((shown) => this.#waiting.push({ wanted, shown }));
  }
}

function Chat({ screen, greeting }: { readonly screen: Screen; readonly greeting?: string }): ReactNode {
  const session = useSession();
  const { status } = useSessionStatus();
  const messages = useMessages();
  const { runs } = useQueue();
  useEffect(() => {
    if (greeting !== undefined) session.send(greeting, { messageId: 'greeting' });
  }, [session, greeting]);
  const text = `${status}: ${messages.map(messageText).join(' | ')} (${runs.length})`;
  useEffect(() => screen.show(text, session));
  return text;
}

function Choice({ screen }: { readonly screen: Screen }): ReactNode {
  const session = useSession();
  const messages = useMessages();
  const versions = useVersions(messages.at(-1)?.id ?? '');
  useEffect(() => {
    if (versions !== null) screen.select = versions.select;
    screen.show(`${messages.map(messageText).join(' | ')} ${versions?.index}/${versions?.count}`, session);
  });
  return null;
}

function Lost(): ReactNode {
  return useSession().channel;
}

describe('hooks', () => {
  it('follow a session, and StrictMode makes neither two sessions nor two sends', async () => {
    const client = server.client('ann');
    const screen = new Screen();
    root.render(
      h(
        StrictMode,
        null,
        h(SessionProvider, { client, channel: CHANNEL }, h(Chat, { screen, greeting: 'Hello' })),
      ),
    );
    await screen.until('live: Hello (1)');
    const run = screen.session?.runs[0]?.id ?? '';
    await server.agent.answer(run, 'a1', ['Hi', ' there']);
    await screen.until('live: Hello | Hi there (0)');
    const other = server.session('bob');
    await until(other, isLive);
    expect(other.runs).toHaveLength(1);
    expect(client.allChannels().map(({ name }) => name)).toEqual([CHANNEL]);
  });

  it('leave the channel when they are gone', async () => {
    const client = server.client('ann');
    const screen = new Screen();
    root.render(h(SessionProvider, { client, channel: CHANNEL }, h(Chat, { screen })));
    await screen.until('live:  (0)');
    const { session } = screen;
    const closed = new Promise<void>((resolve) =>
      session?.subscribe(() => session.status === 'closed' && resolve()),
    );
    root.render(null);
    await closed;
    expect(client.channel(CHANNEL)).toBeUndefined();
  });

  it('go on with another channel', async () => {
    const client = server.client('ann');
    const screen = new Screen();
    const page = (channel: string) => h(SessionProvider, { client, channel }, h(Chat, { screen }));
    await server.publish('private-ai-2', 'ai-input', 'Second', {
      extras: { ai: { transport: { 'run-id': 'r', 'codec-message-id': 'u' } } },
    });
    root.render(page(CHANNEL));
    await screen.until('live:  (0)');
    const first = screen.session;
    root.render(page('private-ai-2'));
    await screen.until('live: Second (1)');
    expect(first?.status).toBe('closed');
  });

  it('choose between versions', async () => {
    const session = server.session('ann');
    const first = session.send('Hello');
    await first.published;
    await server.agent.answer(first.runId, 'a1', ['Hi']);
    await server.agent.answer('r2', 'a1b', ['Hey'], { parent: first.messageId, 'msg-regenerate': 'a1' });
    const screen = new Screen();
    root.render(h(SessionProvider, { session }, h(Choice, { screen })));
    await screen.until('Hello | Hey 1/2');
    screen.select(0);
    await screen.until('Hello | Hi 0/2');
  });

  it('render a snapshot on a server, where nothing is subscribed', async () => {
    const ann = server.session('ann');
    await ann.send('Hello').published;
    const snapshot = ann.snapshot();
    const client = server.client('bob');
    const screen = new Screen();
    const page = h(SessionProvider, { client, channel: CHANNEL, snapshot }, h(Chat, { screen }));
    expect(renderToString(page)).toBe('connecting: Hello (1)');
    expect(client.allChannels()).toEqual([]);
  });

  it('say so without a provider', () => {
    expect(() => renderToString(h(Lost))).toThrow('There is no SessionProvider');
  });
});

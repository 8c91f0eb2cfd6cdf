// The pages about sessions work as they are written: their snippets run word for word against a server.
import { Window } from 'happy-dom';
import * as react from 'react';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type SessionServer,
  startSessionServer,
  until,
} from '../../ai-transport/client/testing/session-server.ts';
import * as transport from '../../ai-transport/client/testing/session-under-test.ts';
import * as hooks from '../../ai-transport/react/index.ts';
import { runSnippet as run, snippetsOf } from '../support/page-snippets.ts';

const page = (name: string): readonly string[] => snippetsOf(`ai-transport/${name}`);

const CHANNEL = 'private-ai-42';
let server: SessionServer;
beforeEach(async () => {
  server = await startSessionServer();
});
afterEach(() => server.close());

/** `new Sockudo(…)` of the page: its address is nobody's. */
class Sockudo {
  constructor(_key: string, options: { readonly protocolVersion: number }) {
    expect(options.protocolVersion).toBe(2);
    // biome-ignore lint/correctness/noConstructorReturn: stands in for the class of the page
    return server.client('ann');
  }
}

describe('docs/ai-transport/client.md', () => {
  it('opens, says, edits, chooses, stops, comes again', async () => {
    const [open = '', say = '', stop = '', choose = '', again = ''] = page('client');
    const shown: unknown[][] = [];
    const given = {
      ...transport,
      Sockudo,
      fetchToken: () => '',
      show: (...line: unknown[]) => shown.push(line),
    };
    const { client, session } = await run(open, given);
    // CAST: what the snippet declares.
    const ours = session as transport.Session;
    onTestFinished(() => ours.close());
    await until(ours, ({ status }) => status === 'live');
    expect(shown.at(-1)).toEqual(['user', 'Plan my week', 'complete']);
    const { better } = await run(say, { session });
    const { messageId, runId } = better as transport.Sent;
    expect(ours.view().messages.map(({ id }) => id)).toContain(messageId);
    await run(stop, { session });
    await until(ours, ({ runs }) => runs.every(({ status }) => status === 'cancelled'));
    expect(ours.run(runId)?.status).toBe('cancelled');
    const { versions } = await run(choose, { session });
    expect(versions).toMatchObject({ count: 2, index: 1 });
    expect(ours.view().messages.map(({ id }) => id)).not.toContain(messageId);
    const { again: second } = await run(again, { session, client, createSession: transport.createSession });
    const restored = second as transport.Session;
    onTestFinished(() => restored.close());
    expect(restored.runs).toEqual(ours.runs);
    await until(restored, ({ status }) => status === 'live');
  });
});

/** Resolves once the page looks so. */
function rendered(window: Window, looks: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (!looks()) return;
      observer.disconnect();
      resolve();
    };
    const observer = new window.MutationObserver(check);
    observer.observe(window.document.body, {
      subtree: true,
      childList: true,
      attributes: true,
      characterData: true,
    });
    check();
  });
}

describe('docs/ai-transport/react.md', () => {
  it('shows what is said', async () => {
    const window = new Window();
    vi.stubGlobal('window', window);
    vi.stubGlobal('document', window.document);
    onTestFinished(async () => {
      vi.unstubAllGlobals();
      await window.happyDOM.close();
    });
    const { createRoot } = await import('react-dom/client');
    const [code = ''] = page('react');
    const { Page } = await run(code, { ...react, ...transport, ...hooks });
    const { body } = window.document;
    const client = server.client('ann');
    const root = createRoot(body);
    // CAST: the snippet's component.
    root.render(react.createElement(Page as react.FunctionComponent<{ client: unknown }>, { client }));
    const reader = server.session('bob', { channel: CHANNEL });
    await rendered(window, () => body.querySelector('button[title=live]') !== null);
    // biome-ignore lint/suspicious/noExplicitAny: happy-dom's own type
    (body.querySelector('button') as any)?.click();
    await until(reader, (session) => session.view().messages.length === 1);
    await rendered(window, () => body.textContent?.includes('HelloSay hello') === true);
    root.unmount();
  });
});

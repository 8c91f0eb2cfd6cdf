// A page with a chat, as an application has it: React under StrictMode, a session, and `useChat`.
import { type UseChatHelpers, useChat } from '@ai-sdk/react';
import { useChatTransport, useSockudoChat } from '@sockudo/ai-sdk/react';
import { SessionProvider, useSession } from '@sockudo/ai-transport/react';
import { Sockudo } from '@sockudo/client';
import {
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
  type UIMessage,
} from 'ai';
import { createElement as h, type ReactNode, StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

const query = new URLSearchParams(location.search);
const text = async (path: string): Promise<string> => (await fetch(path)).text();
const client = new Sockudo(query.get('key') ?? '', {
  wsHost: query.get('host') ?? '',
  wsPort: Number(query.get('port')),
  forceTLS: false,
  protocolVersion: 2,
  connectionRecovery: true,
  tokenProvider: () => text('/token'),
  channelAuthorization: {
    customHandler: async ({ socketId, channelName }) => ({
      auth: await text(`/auth?socket=${socketId}&channel=${channelName}`),
    }),
  },
});

type Helpers = Pick<
  ReturnType<typeof useChat<UIMessage>>,
  'messages' | 'status' | 'error' | 'sendMessage' | 'stop' | 'regenerate' | 'addToolApprovalResponse'
>;

/** Tools that this page has executed. */
const executed: string[] = [];

function Durable(): ReactNode {
  const chat: UseChatHelpers<UIMessage> = useSockudoChat({
    session: useSession(),
    onToolCall: ({ toolCall: { toolName, toolCallId } }) => {
      executed.push(toolName);
      if (toolName === 'locate')
        void chat.addToolOutput({ tool: toolName, toolCallId, output: { city: 'Bern' } });
    },
    sendAutomaticallyWhen: (event) =>
      lastAssistantMessageIsCompleteWithApprovalResponses(event) ||
      lastAssistantMessageIsCompleteWithToolCalls(event),
  });
  return h(Shown, { chat });
}

/** Says something as soon as it is there, which StrictMode makes it be twice. */
function Greeting(): ReactNode {
  const chat = useSockudoChat({ session: useSession() });
  const { sendMessage } = chat;
  useEffect(() => {
    void sendMessage({ id: 'greeting', role: 'user', parts: [{ type: 'text', text: 'Hello' }] });
  }, [sendMessage]);
  return h(Shown, { chat });
}

function Plain(): ReactNode {
  const session = useSession();
  const transport = useChatTransport(session);
  return h(Shown, { chat: useChat<UIMessage>({ id: session.channel, transport, resume: true }) });
}

function Shown({ chat }: { readonly chat: Helpers }): ReactNode {
  const [draft, setDraft] = useState('');
  const send = (event: { preventDefault(): void }): void => {
    event.preventDefault();
    void chat.sendMessage({ text: draft });
    setDraft('');
  };
  return h(
    'main',
    null,
    h('p', { id: 'status' }, chat.status),
    h('p', { id: 'error' }, chat.error?.message ?? ''),
    h(
      'ol',
      { id: 'messages' },
      chat.messages.map((message) => h(Message, { key: message.id, message, chat })),
    ),
    h(
      'form',
      { onSubmit: send },
      h('input', {
        'aria-label': 'Message',
        value: draft,
        onChange: ({ target }: { target: { value: string } }) => setDraft(target.value),
      }),
      h('button', { type: 'submit' }, 'Send'),
    ),
    h('button', { type: 'button', onClick: () => chat.stop() }, 'Stop'),
    h('button', { type: 'button', onClick: () => chat.regenerate() }, 'Regenerate'),
  );
}

function Message({ message, chat }: { readonly message: UIMessage; readonly chat: Helpers }): ReactNode {
  return h(
    'li',
    { 'data-role': message.role },
    message.parts.map((part, index) => {
      const key = `${index}`;
      if (part.type === 'text')
        return h('span', { key, className: 'text', 'data-state': part.state }, part.text);
      if (!('toolCallId' in part)) return null;
      const approve = (): unknown =>
        part.approval !== undefined && chat.addToolApprovalResponse({ id: part.approval.id, approved: true });
      return h(
        'span',
        { key, className: 'tool', 'data-state': part.state },
        part.state === 'output-available' ? JSON.stringify(part.output) : '',
        part.state === 'approval-requested' && h('button', { type: 'button', onClick: approve }, 'Approve'),
      );
    }),
  );
}

const KINDS = { durable: Durable, greeting: Greeting, plain: Plain };

function Page(): ReactNode {
  const [isThere, setThere] = useState(true);
  // CAST: tests name only these.
  const kind = KINDS[(query.get('kind') ?? 'durable') as keyof typeof KINDS];
  return h(
    SessionProvider,
    { client, channel: query.get('channel') ?? '' },
    isThere && h(kind),
    h('button', { type: 'button', onClick: () => setThere(!isThere) }, 'Leave or come back'),
  );
}

/** What has been on the page, one entry for each change of it. */
const seen: string[][] = [];
Object.assign(globalThis, { seen, executed });
const root = document.querySelector('#root');
if (root === null) throw new Error('no root');
new MutationObserver(() => {
  const now = [...document.querySelectorAll('#messages li')].map(({ textContent }) => textContent ?? '');
  seen.push(now);
}).observe(root, { subtree: true, childList: true, characterData: true });
createRoot(root).render(h(StrictMode, null, h(Page)));

// The window: who is here, the conversations beside, one of them open.
import { SessionProvider } from '@sockudo/ai-transport/react';
import { useMemo, useState } from 'react';
import { AGENTS_CHANNEL, conversationChannel } from '../shared/names.ts';
import { Conversation } from './parts/conversation.tsx';
import { Sidebar } from './parts/sidebar.tsx';
import { loadSnapshot } from './state/snapshots.ts';
import { type Ready, useChat } from './state/use-chat.ts';
import { useOpenConversation } from './state/use-open-conversation.ts';

export function App() {
  const { chat, error, retry } = useChat();
  if (chat !== null) return <Chat chat={chat} />;
  return (
    <main className="starting" aria-busy={error === null}>
      {error === null ? (
        <p role="status">Connecting…</p>
      ) : (
        <div role="alert">
          <p>The chat cannot be reached right now.</p>
          <button type="button" onClick={retry}>
            Try again
          </button>
        </div>
      )}
    </main>
  );
}

function Chat({ chat }: { readonly chat: Ready }) {
  const { id, open, openNew } = useOpenConversation();
  const [isListOpen, setListOpen] = useState(false);
  const channel = conversationChannel(chat.user, id);
  const snapshot = useMemo(() => loadSnapshot(channel), [channel]);
  return (
    <div className="app">
      <Sidebar
        chat={chat}
        openId={id}
        isOpen={isListOpen}
        onClose={() => setListOpen(false)}
        onOpen={open}
        onNew={openNew}
      />
      <SessionProvider
        key={channel}
        client={chat.client}
        channel={channel}
        clientId={chat.user}
        agents={AGENTS_CHANNEL}
        {...(snapshot !== null && { snapshot })}
      >
        <Conversation chat={chat} id={id} onList={() => setListOpen(true)} onGone={openNew} />
      </SessionProvider>
    </div>
  );
}

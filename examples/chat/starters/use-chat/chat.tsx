// `useChat` of the AI SDK, over a channel: the answer goes on over reloads and is the same on every device.
import { useSockudoChat } from '@sockudo/ai-sdk/react';
import { useSession } from '@sockudo/ai-transport/react';
import { useState } from 'react';

export function Chat() {
  const { messages, status, error, sendMessage, stop } = useSockudoChat({ session: useSession() });
  const [text, setText] = useState('');
  return (
    <main>
      <ol aria-live="polite">
        {messages.map(({ id, role, parts }) => (
          <li key={id} data-role={role}>
            {parts.map((part) => (part.type === 'text' ? part.text : '')).join('')}
          </li>
        ))}
      </ol>
      {error !== undefined && <p role="alert">{error.message}</p>}
      <form
        data-status={status}
        onSubmit={(event) => {
          event.preventDefault();
          void sendMessage({ text });
          setText('');
        }}
      >
        <input aria-label="Message" value={text} required onChange={(event) => setText(event.target.value)} />
        <button type="submit">Send</button>
        {status !== 'ready' && (
          <button type="button" onClick={() => void stop()}>
            Stop
          </button>
        )}
      </form>
    </main>
  );
}

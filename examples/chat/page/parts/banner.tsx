// What keeps the conversation from being complete: no connection, or a channel that cannot be read.
import type { SessionMessage } from '@sockudo/ai-transport';
import { useSession, useSessionStatus } from '@sockudo/ai-transport/react';

export function Banner({ messages }: { readonly messages: readonly SessionMessage[] }) {
  const session = useSession();
  const { status, error } = useSessionStatus();
  if (status === 'live' || (status === 'attaching' && error === null)) return null;
  const unsent = messages.filter((message) => message.status === 'sending').length;
  return (
    <div className={`banner ${status}`} role="status">
      <p>
        <strong>{titleOf(status)}</strong> {textOf(unsent)}
      </p>
      <button type="button" className="quiet small" onClick={() => session.retry()}>
        Try now
      </button>
    </div>
  );
}

function titleOf(status: string): string {
  switch (status) {
    case 'offline':
      return 'You are offline.';
    case 'failed':
      return 'This conversation cannot be read.';
    default:
      return 'Connecting again…';
  }
}

function textOf(unsent: number): string {
  if (unsent === 0) return 'Answers go on without you and will be here when the connection is back.';
  const what = unsent === 1 ? 'One message' : `${unsent} messages`;
  return `${what} will be sent as soon as the connection is back.`;
}

/** A transport for the AI SDK's own `useChat`, which gives up its stream when its component goes: that stops no run. */
import type { Session, View } from '@sockudo/ai-transport';
import type { ChatTransport, UIMessage } from 'ai';
import { useEffect, useMemo } from 'react';
import { createChatTransport } from '../chat/transport.ts';

/**
 * To be used in the component that uses `useChat` with it. A stop cancels the run; a component that is gone, or another conversation in
 * its place, leaves it alone.
 */
export function useChatTransport<Message extends UIMessage = UIMessage>(
  session: Session,
  { view }: { readonly view?: View | undefined } = {},
): ChatTransport<Message> {
  // One for each session: a chat on another one leaves the first alone.
  const lease = useMemo(() => ({ session, isLeft: false }), [session]);
  useEffect(() => {
    lease.isLeft = false;
    return () => {
      lease.isLeft = true;
    };
  }, [lease]);
  return useMemo(
    () => createChatTransport<Message>(lease.session, { view, onAbort: () => meaningOf(lease) }),
    [lease, view],
  );
}

/** Whichever of the two cleans up first, component or chat: a moment later both have. */
async function meaningOf(lease: { readonly isLeft: boolean }): Promise<'cancel' | 'leave'> {
  if (!lease.isLeft) await new Promise((resolve) => setTimeout(resolve));
  return lease.isLeft ? 'leave' : 'cancel';
}

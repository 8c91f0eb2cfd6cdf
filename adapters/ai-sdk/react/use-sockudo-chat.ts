/** `useChat` on a session: the same helpers, and a chat that is in step with every other device. */
import { Chat, type UseChatHelpers, useChat } from '@ai-sdk/react';
import { isLive, type Session, type View } from '@sockudo/ai-transport';
import type { ChatInit, UIMessage } from 'ai';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { followSession } from '../chat/follow.ts';
import { stateOf } from '../chat/state.ts';
import { createChatTransport } from '../chat/transport.ts';
import { hasAnswers, toUIMessages } from '../chat/ui-messages.ts';

export interface UseSockudoChatOptions<Message extends UIMessage>
  extends Omit<ChatInit<Message>, 'id' | 'messages' | 'transport'> {
  readonly session: Session;
  /** Line of the conversation. Default: the session's main view. */
  readonly view?: View | undefined;
  /** Messages to begin with, as far as there are that many; more by `session.loadOlder()`. Default 20. */
  readonly atLeast?: number | undefined;
  /** Milliseconds between renderings while an answer comes. Default: each change. */
  readonly throttle?: number | undefined;
}

/**
 * What `useChat` answers, for a session. Messages, also older ones, come from the session; a run that goes on is followed, whoever asked
 * for it. `stop` cancels it on every device; a component that is gone cancels nothing. Another session makes another chat.
 */
export function useSockudoChat<Message extends UIMessage = UIMessage>(
  options: UseSockudoChatOptions<Message>,
): UseChatHelpers<Message> {
  const { session, view = session.view(), throttle, atLeast } = options;
  const latest = useRef(options);
  latest.current = options;
  // A chat that somebody else has made: `useChat` does not stop it when the component goes.
  const chat = useMemo(() => makeChat(session, view, latest), [session, view]);
  useEffect(() => followSession(chat, session, { view, atLeast }), [chat, session, view, atLeast]);
  const helpers = useChat<Message>({ chat, ...(throttle !== undefined && { throttle }) });
  const stop = useCallback(async () => {
    await chat.stop();
    const state = stateOf(session);
    // Also what waits for an answer, or was not followed yet.
    for (const run of view.runs) if (isLive(run) && !run.isCancelRequested) state.stop(run.id);
  }, [chat, session, view]);
  const sendMessage = useCallback<typeof chat.sendMessage>(
    // The same id again is the same message: an effect that runs twice, a page that comes back.
    async (message, request) =>
      isKnown(chat, session, message) ? undefined : chat.sendMessage(message, request),
    [chat, session],
  );
  return { ...helpers, stop, sendMessage };
}

/** Callbacks are the ones of the last rendering. */
function makeChat<Message extends UIMessage>(
  session: Session,
  view: View,
  latest: { readonly current: UseSockudoChatOptions<Message> },
): Chat<Message> {
  let isOwn = false;
  const { session: _, view: __, throttle: ___, atLeast: ____, ...init } = latest.current;
  return new Chat<Message>({
    ...init,
    id: session.channel,
    messages: toUIMessages<Message>(session, view),
    transport: createChatTransport<Message>(session, {
      view,
      onStream: (kind) => {
        isOwn = kind === 'sent';
      },
    }),
    // Every device that follows hears of the call; the one that asked executes it.
    onToolCall: (event) => (isOwn ? latest.current.onToolCall?.(event) : undefined),
    onData: (event) => latest.current.onData?.(event),
    onFinish: (event) => latest.current.onFinish?.(event),
    onError: (error) => latest.current.onError?.(error),
    // What another device has answered needs no sending.
    sendAutomaticallyWhen: (event) =>
      hasAnswers(session, view, event.messages) &&
      (latest.current.sendAutomaticallyWhen?.(event as { messages: Message[] }) ?? false),
  });
}

function isKnown<Message extends UIMessage>(
  chat: Chat<Message>,
  session: Session,
  message: Parameters<Chat<Message>['sendMessage']>[0],
): boolean {
  if (message === undefined || !('id' in message) || message.id === undefined) return false;
  const { id, messageId } = message;
  return (
    messageId === undefined && (session.message(id) !== null || chat.messages.some((one) => one.id === id))
  );
}

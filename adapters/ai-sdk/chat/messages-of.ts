/** A conversation's messages once they are read: what a chat begins with. */
import type { Session, View } from '@sockudo/ai-transport';
import type { UIMessage } from '../parts/chunk.ts';
import { loadedUpTo } from './state.ts';
import { toUIMessages } from './ui-messages.ts';

export interface MessagesOfOptions {
  /** Line of the conversation. Default: the session's main view. */
  readonly view?: View | undefined;
  /** Messages that are wanted, as far as there are that many. Default 20. */
  readonly atLeast?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Resolves when the session shows its messages. Rejects with what keeps it from that, or with the signal's reason. */
export async function messagesOf<Message extends UIMessage = UIMessage>(
  session: Session,
  { view = session.view(), atLeast = 20, signal }: MessagesOfOptions = {},
): Promise<Message[]> {
  await loadedUpTo(session, atLeast, view, signal);
  return toUIMessages<Message>(session, view);
}

/** A conversation's messages once they are read: what a chat begins with. */
import type { Session, View } from '@sockudo/ai-transport';
import type { UIMessage } from '../parts/chunk.ts';
import { loaded } from './state.ts';
import { toUIMessages } from './ui-messages.ts';

/** Resolves when the session shows its messages. Rejects with what keeps it from that, or with the signal's reason. */
export async function messagesOf<Message extends UIMessage = UIMessage>(
  session: Session,
  { view, signal }: { readonly view?: View | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Message[]> {
  await loaded(session, signal);
  return toUIMessages<Message>(session, view);
}

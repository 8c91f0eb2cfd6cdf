// What page, backend and worker agree on: names of channels and events, and what a tool that waits for its user says.

/** A conversation is a channel that begins so; the server treats it as an AI channel. */
export const CONVERSATION_PREFIX = 'private-chat-';
/** Who is there to answer. People watch it under one common name, so that nobody is told of anybody else. */
export const AGENTS_CHANNEL = 'presence-agents';
export const WATCHER_ID = 'watcher';

export const conversationChannel = (user: string, conversation: string): string =>
  `${CONVERSATION_PREFIX}${user}-${conversation}`;
const CONVERSATION = /^private-chat-([0-9a-f]{24})-([a-z0-9]{1,32})$/;
/** Whose conversation a channel is, and which; null: it is none. */
export function placeOf(channel: string): { readonly user: string; readonly conversation: string } | null {
  const [, user, conversation] = CONVERSATION.exec(channel) ?? [];
  return user === undefined || conversation === undefined ? null : { user, conversation };
}
/** Messages of this channel are the user's conversations: one that is renamed changes, one that is deleted goes. */
export const listChannel = (user: string): string => `private-list-${user}`;
/** Open windows of one user, on whatever device. */
export const devicesChannel = (user: string): `presence-${string}` => `presence-devices-${user}`;

/** Event of the list's channel; its `message_id` is the conversation's id. */
export const CONVERSATION_EVENT = 'client-conversation';

/** Data of {@link CONVERSATION_EVENT}, as JSON. */
export interface ListedConversation {
  readonly id: string;
  readonly title: string;
  /** When something was last said in it, milliseconds since 1970. */
  readonly usedAtMs: number;
}

export const TITLE_MAX = 60;

/** How a conversation is called until somebody renames it: the first words that were said. */
export function titleOf(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  if (line.length <= TITLE_MAX) return line;
  const cut = line.slice(0, TITLE_MAX - 1);
  const end = cut.lastIndexOf(' ');
  return `${end > TITLE_MAX / 2 ? cut.slice(0, end) : cut}…`;
}

/** Codec type of the answer to a tool that needs a yes. */
export const APPROVAL_RESPONSE = 'tool-approval-response';

/** Data of {@link APPROVAL_RESPONSE}. */
export interface ApprovalResponse {
  readonly toolCallId: string;
  readonly approvalId: string;
  readonly approved: boolean;
}

/** What the page says about the model. */
export interface About {
  readonly model: string;
  /** It is the stand-in, and no language model. */
  readonly isStandIn: boolean;
}

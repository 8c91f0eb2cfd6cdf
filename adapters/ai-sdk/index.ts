/** Everything the entry offers, by name. Runs in browsers. */
export { type FollowingChat, type FollowOptions, followSession } from './chat/follow.ts';
export { type MessagesOfOptions, messagesOf } from './chat/messages-of.ts';
export { ChatRequestError } from './chat/requests.ts';
export { loaded } from './chat/state.ts';
export { type ChatTransportOptions, createChatTransport } from './chat/transport.ts';
export { toUIMessages } from './chat/ui-messages.ts';

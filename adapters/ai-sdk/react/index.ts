/** Everything the entry offers, by name. */
export { useChatTransport } from './use-chat-transport.ts';
export { type UseSockudoChatOptions, useSockudoChat } from './use-sockudo-chat.ts';

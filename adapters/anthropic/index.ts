/** Everything the entry offers, by name. */
export { toModelError } from './errors.ts';
export { fromAnthropic } from './events.ts';
export { type AnthropicConversation, type GivenMessage, toAnthropicMessages } from './messages.ts';
export { type MessageParams, type MessagesClient, streamMessage } from './stream.ts';

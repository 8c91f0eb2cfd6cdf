/** Everything the entry offers, by name. */
export { toModelError } from './errors.ts';
export { fromAnthropic } from './events.ts';
export { type AnthropicHandlerOptions, anthropicHandler, toAnthropicTools } from './handler.ts';
export { type AnthropicConversation, toAnthropicMessages } from './messages.ts';
export { anthropicMessages, type MessageParams, type MessagesClient } from './stream.ts';

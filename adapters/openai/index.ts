/** Everything the entry offers, by name. */
export { answerWithOpenAI, type ChatAnswerOptions, type ResponsesAnswerOptions } from './answer.ts';
export { type ChatClient, type ChatParams, type OpenAIOptions, openaiChat } from './chat.ts';
export { type ChatMessagesOptions, toChatMessages } from './chat-messages.ts';
export { toModelError } from './errors.ts';
export { OPENAI_PROVIDERS, type OpenAIProvider, type ProviderPreset, providerOptions } from './providers.ts';
export {
  type AttachOptions,
  attachOpenAIResponse,
  openaiResponses,
  type ResponsesClient,
  type ResponsesParams,
} from './responses.ts';
export { type ResponsesInputOptions, toResponsesInput } from './responses-input.ts';

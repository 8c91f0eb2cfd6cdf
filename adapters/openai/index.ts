/** Everything the entry offers, by name. */
export { type ChatClient, type ChatParams, type OpenAIOptions, openaiChat } from './chat.ts';
export { toModelError } from './errors.ts';
export {
  type AttachOptions,
  attachOpenAIResponse,
  openaiResponses,
  type ResponsesClient,
  type ResponsesParams,
} from './responses.ts';

/** Everything the entry offers, by name. */
export { type AttentionOptions, whileWatched } from './attention.ts';
export { Budget, type BudgetedRun, type BudgetOptions } from './budget.ts';
export type { BudgetLimit, LimitState, ModelPrice } from './budget-limits.ts';
export type { ModelResponse, ModelResult } from './collector.ts';
export type { Content, ContentPart, ToolCallContent, ToolOutputContent } from './content.ts';
export { ModelError, type ModelErrorCode, type ModelErrorDetails } from './errors.ts';
export type {
  FinishReason,
  ModelEvent,
  ModelUsage,
  ProviderMetadata,
  TextEvent,
  ToolCall,
  ToolEvent,
} from './events.ts';
export { type HttpFailure, httpError, retryAfterMs } from './http-errors.ts';
export {
  type ProviderCall,
  type ProviderOptions,
  providerStream,
  type Translator,
} from './provider-stream.ts';
export { contentOf } from './read-content.ts';
export {
  type AskContext,
  type RunToolsContext,
  type RunToolsOptions,
  type RunToolsResult,
  runTools,
} from './tool-loop.ts';
export { type ModelTool, type ModelTools, type ToolContext, ToolError } from './tools.ts';
export { inputOf, type ModelMessage, openCalls, type Turn, turnsOf } from './turns.ts';
export { sumOfUsage } from './usage.ts';
export { type ModelRun, type WriteModelOptions, writeModel } from './write.ts';

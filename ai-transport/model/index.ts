/** Everything the entry offers, by name. */
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

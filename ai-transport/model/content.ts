/** What a message says, piece by piece, as a model said it or as it stands in the channel. Must not know: how it is written there. */
import type { WireHeaders } from '../wire/transport-headers.ts';
import type { FinishReason, ModelUsage, ProviderMetadata } from './events.ts';

export type Content =
  | { readonly type: 'text'; readonly text: string; readonly metadata?: ProviderMetadata }
  | { readonly type: 'reasoning'; readonly text: string; readonly metadata?: ProviderMetadata }
  | {
      readonly type: 'tool-call';
      readonly toolCallId: string;
      readonly toolName: string;
      /** As the provider sent it. */
      readonly inputText: string;
      readonly providerExecuted: boolean;
      /** False: it was cut off, or is still being written. */
      readonly isComplete: boolean;
      readonly metadata?: ProviderMetadata;
    }
  | {
      readonly type: 'tool-output';
      readonly toolCallId: string;
      readonly output: unknown;
      readonly isError: boolean;
      readonly providerExecuted: boolean;
    }
  | { readonly type: 'tool-approval-request'; readonly toolCallId: string; readonly approvalId: string }
  | {
      readonly type: 'tool-approval-response';
      readonly toolCallId: string;
      readonly approvalId?: string;
      readonly approved: boolean;
      readonly reason?: string;
    }
  | {
      readonly type: 'source';
      readonly sourceId: string;
      readonly kind: 'url' | 'document';
      readonly url?: string;
      readonly title?: string;
      readonly mediaType?: string;
      readonly metadata?: ProviderMetadata;
    }
  | { readonly type: 'file'; readonly mediaType: string; readonly url: string; readonly filename?: string }
  | { readonly type: 'data'; readonly name: string; readonly data: unknown; readonly id?: string }
  | {
      readonly type: 'response';
      readonly provider: string;
      readonly id?: string;
      readonly model?: string;
    }
  | { readonly type: 'usage'; readonly usage: ModelUsage }
  | {
      readonly type: 'finish';
      readonly reason: FinishReason;
      readonly rawReason?: string;
      /** Of one of several calls of the model in the message. */
      readonly isStep: boolean;
    }
  | { readonly type: 'provider'; readonly provider: string; readonly name: string; readonly data: unknown };

export type ToolCallContent = Extract<Content, { readonly type: 'tool-call' }>;
export type ToolOutputContent = Extract<Content, { readonly type: 'tool-output' }>;

/** A part as agents (`data`) or users (`text`) have it. */
export interface ContentPart {
  readonly codec: WireHeaders;
  readonly data?: string | undefined;
  readonly text?: string | undefined;
  /** Of agents: `input` where an input says nothing else. */
  readonly type?: string | undefined;
  readonly status?: 'streaming' | 'complete' | 'cancelled' | undefined;
  /** Of users: it came by `ai-input`. */
  readonly isInput?: boolean | undefined;
}

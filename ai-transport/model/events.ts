/**
 * What a model says, whichever provider it comes from: the one vocabulary between adapters and runs. Safe as JSON. Must not know: any
 * provider, the wire.
 */

/** Whatever the provider wants back with the next request, under the provider's name: `{ anthropic: { signature: '…' } }`. */
export type ProviderMetadata = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type FinishReason =
  | 'stop'
  /** A limit of tokens. */
  | 'length'
  | 'tool-calls'
  | 'content-filter'
  /** The model declined; its words, if any, came as text. */
  | 'refusal'
  /** The provider paused a long turn: send the conversation again to go on. */
  | 'pause'
  | 'other';

/** Tokens. What the provider does not tell is absent. */
export interface ModelUsage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** Part of the output. */
  readonly reasoningTokens?: number | undefined;
  /** Part of the input. */
  readonly cachedInputTokens?: number | undefined;
  readonly totalTokens?: number | undefined;
  /** As the provider said it. */
  readonly raw?: unknown;
}

/**
 * One event of a model's stream. Parts are told apart by `id`, tool calls by `toolCallId`; several may be open at once. A delta opens
 * its part where no start came, and the end of the stream closes what is open.
 */
export type ModelEvent =
  | TextEvent
  | ToolEvent
  | {
      /** A citation. */
      readonly type: 'source';
      readonly sourceId: string;
      readonly kind: 'url' | 'document';
      readonly url?: string | undefined;
      readonly title?: string | undefined;
      readonly mediaType?: string | undefined;
      readonly metadata?: ProviderMetadata | undefined;
    }
  | {
      readonly type: 'file';
      readonly mediaType: string;
      /** May be a `data:` URL. */
      readonly url: string;
    }
  | {
      /** Data of the application. */
      readonly type: 'data';
      /** a-z, 0-9 and hyphens, at most 40. */
      readonly name: string;
      readonly data: unknown;
      /** Of the same name and id the newest counts. */
      readonly id?: string | undefined;
      /** Not part of the conversation. */
      readonly transient?: boolean | undefined;
    }
  | {
      /** What the provider calls its answer. */
      readonly type: 'response';
      readonly provider: string;
      readonly id?: string | undefined;
      readonly model?: string | undefined;
    }
  | {
      /** The newest counts: providers repeat it while it grows. */
      readonly type: 'usage';
      readonly usage: ModelUsage;
    }
  | {
      readonly type: 'finish';
      readonly reason: FinishReason;
      /** The provider's word for it. */
      readonly rawReason?: string | undefined;
    }
  | {
      /** What this version does not know: kept, never dropped. */
      readonly type: 'provider';
      readonly provider: string;
      /** The provider's name for it. */
      readonly name: string;
      readonly data: unknown;
    };

/** Text that is shown, and text that the model thinks. */
export type TextEvent =
  | { readonly type: 'text-start'; readonly id: string }
  | { readonly type: 'text-delta'; readonly id: string; readonly text: string }
  | { readonly type: 'text-end'; readonly id: string; readonly metadata?: ProviderMetadata | undefined }
  | { readonly type: 'reasoning-start'; readonly id: string }
  | { readonly type: 'reasoning-delta'; readonly id: string; readonly text: string }
  | {
      readonly type: 'reasoning-end';
      readonly id: string;
      readonly metadata?: ProviderMetadata | undefined;
    };

export type ToolEvent =
  | {
      readonly type: 'tool-input-start';
      readonly toolCallId: string;
      readonly toolName: string;
      /** The provider runs the tool itself, and tells its output. */
      readonly providerExecuted?: boolean | undefined;
    }
  | {
      readonly type: 'tool-input-delta';
      readonly toolCallId: string;
      /** A piece of JSON text. */
      readonly text: string;
    }
  | {
      /** The call is complete: it may be executed. */
      readonly type: 'tool-input-end';
      readonly toolCallId: string;
      readonly toolName: string;
      /** The whole input as the provider sent it: JSON text, unless the model made a mistake. */
      readonly inputText: string;
      readonly metadata?: ProviderMetadata | undefined;
    }
  | {
      readonly type: 'tool-output';
      readonly toolCallId: string;
      /** Of an error: its text. */
      readonly output: unknown;
      readonly isError?: boolean | undefined;
      readonly providerExecuted?: boolean | undefined;
    }
  | {
      /** The call waits for a person. */
      readonly type: 'tool-approval-request';
      readonly toolCallId: string;
      readonly approvalId: string;
    };

/** A call as it was completed. */
export interface ToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly inputText: string;
  readonly providerExecuted: boolean;
}

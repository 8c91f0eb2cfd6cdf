/** What a model has said so far, as one value. Must not know: where it is written. */
import type { Content } from './content.ts';
import { ModelError } from './errors.ts';
import type { FinishReason, ModelEvent, ModelUsage, ProviderMetadata, ToolCall } from './events.ts';

/** Ids of the answer at its provider. */
export interface ModelResponse {
  readonly provider: string;
  readonly id?: string | undefined;
  readonly model?: string | undefined;
}

export interface ModelResult {
  /** All text that is shown, in a row. */
  readonly text: string;
  readonly reasoning: string;
  /** Calls that are complete, in their order. */
  readonly toolCalls: readonly ToolCall[];
  /** The same piece by piece, with what the provider wants back. */
  readonly content: readonly Content[];
  readonly usage: ModelUsage | undefined;
  /** Absent: the stream ended without a word, or was cancelled. */
  readonly finishReason: FinishReason | undefined;
  readonly rawReason: string | undefined;
  readonly response: ModelResponse | undefined;
  /** `cancelled`: the run was asked to stop, or ended, before the model had. */
  readonly status: 'complete' | 'cancelled';
}

/** Pieces of one answer. */
const PIECES_MAX = 4096;

type Draft = { text: string; metadata?: ProviderMetadata } & (
  | { readonly type: 'text' | 'reasoning' }
  | {
      readonly type: 'tool-call';
      readonly toolCallId: string;
      toolName: string;
      readonly providerExecuted: boolean;
      isComplete: boolean;
    }
);

/** How a call of a model came out, as far as it is known. */
export type ModelEnding = Pick<Collector, 'usage' | 'finish'>;

export class Collector {
  readonly #pieces: (Draft | Content)[] = [];
  readonly #open = new Map<string, Draft>();
  #usage: ModelUsage | undefined;
  #response: ModelResponse | undefined;
  #finish: { readonly reason: FinishReason; readonly rawReason?: string | undefined } | undefined;

  get usage(): ModelUsage | undefined {
    return this.#usage;
  }

  get finish(): { readonly reason: FinishReason; readonly rawReason?: string | undefined } | undefined {
    return this.#finish;
  }

  /** @throws ModelError `provider_error` for an answer of too many pieces */
  add(event: ModelEvent): void {
    switch (event.type) {
      case 'text-start':
      case 'reasoning-start':
      case 'text-delta':
      case 'reasoning-delta':
      case 'text-end':
      case 'reasoning-end':
        this.#addText(event);
        break;
      case 'tool-input-start':
      case 'tool-input-delta':
      case 'tool-input-end':
        this.#addCall(event);
        break;
      case 'tool-output':
        this.#push({
          ...event,
          isError: event.isError === true,
          providerExecuted: event.providerExecuted === true,
        });
        break;
      case 'usage':
        this.#usage = { ...this.#usage, ...event.usage };
        break;
      case 'response':
        this.#response = { ...this.#response, ...withoutType(event) };
        break;
      case 'finish':
        this.#finish = event;
        break;
      case 'source':
      case 'file':
      case 'tool-approval-request':
        // CAST: the same members; absent ones may be undefined here.
        this.#push(event as Content);
        break;
      case 'data':
      case 'provider':
    }
  }

  result(status: ModelResult['status']): ModelResult {
    const content = this.#pieces.map((piece) => ('text' in piece ? contentOf(piece as Draft) : piece));
    const textOf = (type: 'text' | 'reasoning'): string =>
      content.map((piece) => (piece.type === type ? piece.text : '')).join('');
    return {
      text: textOf('text'),
      reasoning: textOf('reasoning'),
      toolCalls: content.flatMap((piece) =>
        piece.type === 'tool-call' && piece.isComplete ? [callOf(piece)] : [],
      ),
      content,
      usage: this.#usage,
      finishReason: this.#finish?.reason,
      rawReason: this.#finish?.rawReason,
      response: this.#response,
      status,
    };
  }

  #addText(
    event: ModelEvent & { readonly type: `${'text' | 'reasoning'}-${'start' | 'delta' | 'end'}` },
  ): void {
    const kind = event.type.startsWith('text') ? 'text' : 'reasoning';
    const key = `${kind} ${event.id}`;
    const draft = this.#open.get(key) ?? this.#begin(key, { type: kind, text: '' });
    if ('text' in event) draft.text += event.text;
    if (!event.type.endsWith('-end')) return;
    if ('metadata' in event && event.metadata !== undefined) draft.metadata = event.metadata;
    this.#open.delete(key);
  }

  #addCall(event: ModelEvent & { readonly type: `tool-input-${'start' | 'delta' | 'end'}` }): void {
    const { toolCallId } = event;
    const key = `call ${toolCallId}`;
    const { toolName, providerExecuted }: { toolName?: string; providerExecuted?: boolean | undefined } =
      event.type === 'tool-input-delta' ? {} : event;
    const draft =
      this.#open.get(key) ??
      this.#begin(key, {
        type: 'tool-call',
        text: '',
        toolCallId,
        toolName: toolName ?? '',
        providerExecuted: providerExecuted === true,
        isComplete: false,
      });
    if (draft.type !== 'tool-call') return;
    if (event.type === 'tool-input-delta') draft.text += event.text;
    if (event.type !== 'tool-input-end') return;
    draft.text = event.inputText;
    draft.toolName = event.toolName;
    draft.isComplete = true;
    if (event.metadata !== undefined) draft.metadata = event.metadata;
    this.#open.delete(key);
  }

  #begin(key: string, draft: Draft): Draft {
    this.#push(draft);
    this.#open.set(key, draft);
    return draft;
  }

  #push(piece: Draft | Content): void {
    if (this.#pieces.length >= PIECES_MAX)
      throw new ModelError('provider_error', `An answer has at most ${PIECES_MAX} pieces`);
    this.#pieces.push(piece);
  }
}

const withoutType = ({ type: _, ...rest }: ModelEvent & { readonly type: 'response' }): ModelResponse => rest;

function contentOf(draft: Draft): Content {
  const { metadata } = draft;
  const more = metadata === undefined ? {} : { metadata };
  if (draft.type !== 'tool-call') return { type: draft.type, text: draft.text, ...more };
  const { type, toolCallId, toolName, text: inputText, providerExecuted, isComplete } = draft;
  return { type, toolCallId, toolName, inputText, providerExecuted, isComplete, ...more };
}

const callOf = ({
  toolCallId,
  toolName,
  inputText,
  providerExecuted,
}: Content & { readonly type: 'tool-call' }): ToolCall => ({
  toolCallId,
  toolName,
  inputText,
  providerExecuted,
});

/** From the AI SDK's stream of chunks to a message of a run, as they come. Must not know: models, what leads to the stream. */
import type { Run } from '@sockudo/ai-transport/agent';
import type { FinishReason, UIMessageChunk } from 'ai';
import { type AnyChunk, anyOfChunk, stringOf } from '../parts/chunk.ts';
import { modelErrorOf } from './errors.ts';
import { MessageWriter } from './message-writer.ts';
import { type PendingCall, PendingCalls } from './pending.ts';

export interface PipeUIMessageOptions {
  /** Message of the conversation, whatever the chunks call it. Default: the run's answer. */
  readonly codecMessageId?: string | undefined;
  /** Where calls wait for a person or a page at the end, the run is suspended. Default true. */
  readonly suspend?: boolean | undefined;
  /** Data that is not to be stored (`transient`). Default: it is dropped. */
  readonly onTransient?: ((chunk: { readonly type: string; readonly data: unknown }) => void) | undefined;
  /** What an `error` chunk stands for. Default: an error with the chunk's text. */
  readonly errorOf?: (() => unknown) | undefined;
}

export interface PipeUIMessageResult {
  /** All text that is shown, in a row. */
  readonly text: string;
  /** `cancelled`: the run or the stream was stopped. `suspended`: calls wait, see `pending`. */
  readonly status: 'complete' | 'cancelled' | 'suspended';
  readonly finishReason: FinishReason | undefined;
  readonly pending: readonly PendingCall[];
}

/**
 * Writes the chunks into one message of the run. Resolves when all is stored; a cancel of the run lets go of the stream at once, and what
 * had come stays. The run goes on, unless calls wait for somebody: then it is suspended, and the input that answers queues it again.
 * @throws ModelError what the stream, or an `error` chunk of it, says: the text that had come stays in the message.
 *   AgentError: it could not be written
 */
export async function pipeUIMessageStream(
  run: Run,
  stream: ReadableStream<UIMessageChunk>,
  options: PipeUIMessageOptions = {},
): Promise<PipeUIMessageResult> {
  const { suspend = true } = options;
  const result = await new Copy(run, options).perform(stream);
  if (result.status !== 'complete' || result.pending.length === 0 || !suspend) return result;
  await run.suspend();
  return { ...result, status: 'suspended' };
}

class Copy {
  readonly #run: Run;
  readonly #options: PipeUIMessageOptions;
  readonly #writer: MessageWriter;
  readonly #pending = new PendingCalls();
  #text = '';
  #finishReason: FinishReason | undefined;
  #failure: { readonly error: unknown } | null = null;
  #isAborted = false;

  constructor(run: Run, options: PipeUIMessageOptions) {
    this.#run = run;
    this.#options = options;
    this.#writer = new MessageWriter(run, options.codecMessageId);
  }

  async perform(stream: ReadableStream<UIMessageChunk>): Promise<PipeUIMessageResult> {
    const reader = stream.getReader();
    const { signal } = this.#run;
    const stop = (): void => void reader.cancel(signal.reason).catch(() => {});
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    try {
      await this.#copy(reader);
      if (this.#failure !== null) throw modelErrorOf(this.#failure.error);
      await this.#writer.end();
      return this.#result();
    } catch (error) {
      await this.#writer.fail(error);
      if (this.#run.isCancelled) return this.#result();
      throw error;
    } finally {
      stop();
      signal.removeEventListener('abort', stop);
    }
  }

  async #copy(reader: ReadableStreamDefaultReader<UIMessageChunk>): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw modelErrorOf(error);
      });
      if (done || this.#run.signal.aborted) break;
      await this.#take(anyOfChunk(value));
    }
    // Lost, or given back: nothing is published any more.
    if (this.#run.signal.aborted && !this.#run.isCancelled) throw this.#run.signal.reason;
  }

  async #take(chunk: AnyChunk): Promise<void> {
    const { type } = chunk;
    if (type === 'text-delta') this.#text += stringOf(chunk.delta) ?? '';
    // CAST: the AI SDK's own word; a later one is passed on.
    if (type === 'finish') this.#finishReason = chunk.finishReason as FinishReason | undefined;
    if (type === 'abort') this.#isAborted = true;
    else if (type === 'error') this.#fail(chunk);
    else if (chunk.transient === true) this.#options.onTransient?.({ type, data: chunk.data });
    else {
      this.#pending.take(chunk);
      // The channel has its own name for the message.
      const { messageId: _, ...rest } = chunk;
      await this.#writer.write(type === 'start' ? { ...rest, type } : chunk);
    }
  }

  /** What comes after it is still written. */
  #fail({ errorText }: AnyChunk): void {
    const error = this.#options.errorOf?.() ?? new Error(stringOf(errorText) ?? 'The stream failed');
    this.#failure ??= { error };
  }

  #result(): PipeUIMessageResult {
    const isStopped = this.#isAborted || this.#run.isCancelled;
    return {
      text: this.#text,
      status: isStopped ? 'cancelled' : 'complete',
      finishReason: this.#finishReason,
      pending: this.#pending.list,
    };
  }
}

/** A text of the message that grows: from the chunks of a stream to one piece in the channel. Must not know: other pieces. */
import type { PipeResult, Run } from '@sockudo/ai-transport/agent';

export interface OpenTextOptions {
  readonly codecMessageId: string | undefined;
  /** `text`, `reasoning`, `tool-input`. */
  readonly kind: string;
  readonly codec: Readonly<Record<string, string>>;
}

export class OpenText {
  /** What came until now. */
  text = '';
  /** Resolves when it has its place in the channel, or will not get one. */
  readonly placed: Promise<unknown>;
  readonly #writer: WritableStreamDefaultWriter<string>;
  readonly #done: Promise<PipeResult>;
  #atEnd: Readonly<Record<string, string>> = {};

  constructor(run: Run, { codecMessageId, kind, codec }: OpenTextOptions) {
    const { readable, writable } = new TransformStream<string, string>();
    const placed = Promise.withResolvers<void>();
    this.#writer = writable.getWriter();
    // The reader lets go where the run was cancelled.
    this.#writer.closed.catch(() => {});
    this.#done = run.pipe(readable, {
      ...{ codecMessageId, kind, codec },
      codecAtEnd: () => this.#atEnd,
      onCreate: placed.resolve,
    });
    this.placed = Promise.race([placed.promise, this.#done.catch(() => {})]);
  }

  /** Resolves when more may be written. */
  async write(text: string): Promise<void> {
    this.text += text;
    await this.#writer.write(text).catch(() => {});
  }

  /**
   * @param codec headers that are known only now
   * @throws AgentError as `run.pipe`
   */
  async close(codec: Readonly<Record<string, string>> = {}): Promise<PipeResult> {
    this.#atEnd = codec;
    await this.#writer.close().catch(() => {});
    return this.#done;
  }

  /** Ends it as cut off, with an error for those who watch. */
  async fail(error: unknown): Promise<void> {
    await this.#writer.abort(error).catch(() => {});
    await this.#done.catch(() => {});
  }
}

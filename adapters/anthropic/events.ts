/**
 * From the events of one streamed message to model events. What this version does not know is passed on as it came. Must not know:
 * how the stream is got, what becomes of the events.
 */
import { ModelError, type ModelEvent, type Translator } from '@sockudo/ai-transport/model';
import { type Block, blockOf } from './blocks.ts';
import { reportedError, toModelError } from './errors.ts';
import { isObject, type JsonMap, PROVIDER, textOf } from './json.ts';
import { finishReasonOf, UsageCounter } from './usage.ts';

/** Blocks that may be open at once; messages have one after the other. */
const OPEN_BLOCKS_MAX = 256;

const NOTHING: ModelEvent[] = [];

export class MessageReader implements Translator<unknown> {
  /** The message has been told to its end. */
  isComplete = false;
  readonly #blocks = new Map<unknown, Block>();
  readonly #usage = new UsageCounter();
  #messageId = '';
  #stopReason: string | null = null;

  /** @throws ModelError for an error that the provider reports, and for a stream that makes no sense */
  next(event: unknown): ModelEvent[] {
    if (!isObject(event)) return unknown('event', event);
    switch (event.type) {
      case 'message_start':
        return this.#start(event);
      case 'content_block_start':
        return this.#openBlock(event);
      case 'content_block_delta':
        return this.#addToBlock(event);
      case 'content_block_stop':
        return this.#closeBlock(event);
      case 'message_delta':
        return this.#addToMessage(event);
      case 'message_stop':
        return this.#finish();
      case 'ping':
        return NOTHING;
      case 'error':
        throw reportedError(event);
      default:
        return unknown(textOf(event.type) || 'event', event);
    }
  }

  /** @throws ModelError `connection` where the message did not end */
  end(): ModelEvent[] {
    if (!this.isComplete) throw new ModelError('connection', 'The stream ended before the message did');
    return NOTHING;
  }

  #start({ message }: JsonMap): ModelEvent[] {
    const { id, model, usage } = isObject(message) ? message : {};
    this.#messageId = textOf(id);
    const said = { id: this.#messageId || undefined, model: textOf(model) || undefined };
    return [{ type: 'response', provider: PROVIDER, ...said }, ...this.#count(usage)];
  }

  #openBlock(event: JsonMap): ModelEvent[] {
    const { index, content_block: first } = event;
    const block = isObject(first) ? blockOf(first, `${this.#messageId || 'message'}-${index}`) : null;
    if (block === null) return unknown('content_block_start', event);
    if (this.#blocks.size >= OPEN_BLOCKS_MAX)
      throw new ModelError('provider_error', `More than ${OPEN_BLOCKS_MAX} blocks of a message are open`);
    const closed = this.#closeBlock(event, NOTHING);
    this.#blocks.set(index, block);
    return [...closed, ...block.start()];
  }

  #addToBlock(event: JsonMap): ModelEvent[] {
    const { index, delta } = event;
    const said = isObject(delta) ? this.#blocks.get(index)?.delta(delta) : undefined;
    return said ?? unknown('content_block_delta', event);
  }

  #closeBlock(event: JsonMap, otherwise = unknown('content_block_stop', event)): ModelEvent[] {
    const block = this.#blocks.get(event.index);
    this.#blocks.delete(event.index);
    return block?.stop() ?? otherwise;
  }

  #addToMessage(event: JsonMap): ModelEvent[] {
    const { delta, usage } = event;
    const { stop_reason: reason, stop_details: details, container } = isObject(delta) ? delta : {};
    this.#stopReason = textOf(reason) || this.#stopReason;
    // Why it was refused, where code ran: nothing else says it.
    const noted = isObject(details) || isObject(container) ? unknown('message_delta', event) : NOTHING;
    return [...noted, ...this.#count(usage)];
  }

  #finish(): ModelEvent[] {
    this.isComplete = true;
    const open = [...this.#blocks.values()].flatMap((block) => block.stop());
    this.#blocks.clear();
    const rawReason = this.#stopReason;
    if (rawReason === null) return [...open, { type: 'finish', reason: 'other' }];
    return [...open, { type: 'finish', reason: finishReasonOf(rawReason), rawReason }];
  }

  #count(usage: unknown): ModelEvent[] {
    if (!isObject(usage)) return NOTHING;
    this.#usage.add(usage);
    const counted = this.#usage.usage;
    return counted === null ? NOTHING : [{ type: 'usage', usage: counted }];
  }
}

const unknown = (name: string, data: unknown): ModelEvent[] => [
  { type: 'provider', provider: PROVIDER, name, data },
];

/**
 * Model events of a stream that `client.messages.create({ stream: true })` gave, or `client.messages.stream()`. A stream that ends before its
 * message does is a `connection` error.
 * @throws ModelError
 */
export async function* fromAnthropic(events: AsyncIterable<unknown>): AsyncGenerator<ModelEvent, void, void> {
  const reader = new MessageReader();
  try {
    for await (const event of events) yield* reader.next(event);
    if (!reader.isComplete) await keptFailure(events);
  } catch (error) {
    throw toModelError(error);
  }
  yield* reader.end();
}

/** `messages.stream()` just ends where it fails while nobody is reading; its `done()` rejects. */
async function keptFailure(events: object): Promise<void> {
  if ('done' in events && typeof events.done === 'function') await events.done();
}

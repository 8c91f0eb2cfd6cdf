/** Events of the Responses API as events of a model. Must not know: how they arrive. */
import {
  type FinishReason,
  ModelError,
  type ModelEvent,
  type ProviderMetadata,
  type Translator,
} from '@sockudo/ai-transport/model';
import { reportedError } from './errors.ts';
import { type Json, objectOf, textOf } from './json.ts';
import {
  callIdOf,
  isOwnCall,
  isProviderCall,
  ownCallEnd,
  providerCallEnd,
  providerToolName,
  sourceOf,
} from './responses-items.ts';
import { usageOf } from './usage.ts';

/** Say nothing that the end of their item, or another event, does not say as a whole. */
const SILENT: ReadonlySet<string> = new Set([
  'response.in_progress',
  'response.queued',
  'response.content_part.added',
  'response.content_part.done',
  'response.reasoning_summary_part.added',
  'response.reasoning_summary_part.done',
  'response.reasoning_summary_text.done',
  'response.reasoning_text.done',
  'response.function_call_arguments.done',
  'response.custom_tool_call_input.done',
  'response.code_interpreter_call_code.delta',
  'response.code_interpreter_call_code.done',
  'response.mcp_call_arguments.delta',
  'response.mcp_call_arguments.done',
  'response.image_generation_call.partial_image',
  'keepalive',
]);
/** Stages of what the provider does by itself. */
const STAGE = /^response\.\w+_call\.(in_progress|searching|interpreting|generating|completed|failed)$/;

type Handler = (translator: ResponsesTranslator, event: Json) => Iterable<ModelEvent>;

export class ResponsesTranslator implements Translator<unknown> {
  readonly #provider: string;
  /** Items that grow, by id; calls with the id that the model gave them. */
  readonly #calls = new Map<string, string>();
  readonly #phases = new Map<string, string>();
  /** Reasoning that is open, by item. */
  readonly #thoughts = new Map<string, string>();
  readonly #texts = new Set<string>();
  #sources = 0;
  #hasResponse = false;
  #hasCalls = false;
  #isRefusal = false;
  #finished = false;

  constructor(provider: string) {
    this.#provider = provider;
  }

  get isComplete(): boolean {
    return this.#finished;
  }

  *next(value: unknown): Generator<ModelEvent> {
    const event = objectOf(value);
    const type = textOf(event.type) ?? '';
    if (this.#finished || SILENT.has(type) || STAGE.test(type)) return;
    const handler = HANDLERS[type];
    if (handler !== undefined) yield* handler(this, event);
    else yield { type: 'provider', provider: this.#provider, name: type || 'event', data: value };
  }

  // biome-ignore lint/correctness/useYield: it only ever fails
  *end(): Generator<ModelEvent> {
    if (!this.#finished) throw new ModelError('connection', 'The stream ended before the model had finished');
  }

  *created({ response }: Json): Generator<ModelEvent> {
    if (this.#hasResponse) return;
    this.#hasResponse = true;
    const id = textOf(objectOf(response).id);
    const model = textOf(objectOf(response).model);
    yield {
      type: 'response',
      provider: this.#provider,
      ...(id !== undefined && { id }),
      ...(model !== undefined && { model }),
    };
  }

  *itemAdded({ item: value }: Json): Generator<ModelEvent> {
    const item = objectOf(value);
    const id = textOf(item.id) ?? '';
    const phase = textOf(item.phase);
    if (phase !== undefined) this.#phases.set(id, phase);
    const isOwn = isOwnCall(item);
    if (!isOwn && !isProviderCall(item)) return;
    this.#calls.set(id, callIdOf(item));
    yield {
      type: 'tool-input-start',
      toolCallId: callIdOf(item),
      toolName: isOwn ? (textOf(item.name) ?? '') : providerToolName(item),
      ...(!isOwn && { providerExecuted: true }),
    };
  }

  *itemDone({ item: value }: Json): Generator<ModelEvent> {
    const item = objectOf(value);
    if (item.type === 'message') return;
    if (item.type === 'reasoning') yield* this.#thought(item);
    else if (isOwnCall(item)) {
      this.#hasCalls = true;
      yield ownCallEnd(item);
    } else if (isProviderCall(item)) yield* providerCallEnd(item);
    else yield { type: 'provider', provider: this.#provider, name: `item.${textOf(item.type)}`, data: value };
  }

  *text(event: Json): Generator<ModelEvent> {
    const id = placeOf(event);
    if (!this.#texts.has(id)) yield { type: 'text-start', id };
    this.#texts.add(id);
    yield { type: 'text-delta', id, text: textOf(event.delta) ?? '' };
  }

  *refusal(event: Json): Generator<ModelEvent> {
    this.#isRefusal = true;
    yield* this.text(event);
  }

  *textDone(event: Json): Generator<ModelEvent> {
    const id = placeOf(event);
    if (!this.#texts.delete(id)) return;
    const itemId = textOf(event.item_id);
    const phase = this.#phases.get(itemId ?? '');
    const metadata: ProviderMetadata = { openai: { itemId, ...(phase !== undefined && { phase }) } };
    yield { type: 'text-end', id, ...(itemId !== undefined && { metadata }) };
  }

  *annotation({ annotation }: Json): Generator<ModelEvent> {
    const source = sourceOf(objectOf(annotation), `s${this.#sources}`);
    if (source === null) {
      yield { type: 'provider', provider: this.#provider, name: 'annotation', data: annotation };
      return;
    }
    this.#sources += 1;
    yield source;
  }

  /** Each part of a summary is a piece; what is to be given back goes with the last. */
  *reasoning(event: Json): Generator<ModelEvent> {
    const itemId = textOf(event.item_id) ?? '';
    const id = placeOf(event);
    const open = this.#thoughts.get(itemId);
    if (open !== id) {
      if (open !== undefined) yield { type: 'reasoning-end', id: open };
      this.#thoughts.set(itemId, id);
      yield { type: 'reasoning-start', id };
    }
    yield { type: 'reasoning-delta', id, text: textOf(event.delta) ?? '' };
  }

  *callDelta(event: Json): Generator<ModelEvent> {
    const itemId = textOf(event.item_id) ?? '';
    const toolCallId = this.#calls.get(itemId) ?? itemId;
    yield { type: 'tool-input-delta', toolCallId, text: textOf(event.delta) ?? '' };
  }

  *finish({ type, response: value }: Json): Generator<ModelEvent> {
    yield* this.created({ response: value });
    const response = objectOf(value);
    for (const id of this.#texts) yield { type: 'text-end', id };
    for (const id of this.#thoughts.values()) yield { type: 'reasoning-end', id };
    if (type === 'response.failed') throw failureOf(objectOf(response.error), value);
    this.#finished = true;
    const usage = usageOf(response.usage);
    if (usage !== undefined) yield { type: 'usage', usage };
    const raw = textOf(objectOf(response.incomplete_details).reason);
    yield {
      type: 'finish',
      reason: this.#reason(type, raw),
      rawReason: raw ?? textOf(response.status) ?? '',
    };
  }

  *#thought(item: Json): Generator<ModelEvent> {
    const itemId = textOf(item.id) ?? '';
    const sealed = textOf(item.encrypted_content);
    const open = this.#thoughts.get(itemId);
    this.#thoughts.delete(itemId);
    const id = open ?? itemId;
    if (open === undefined) yield { type: 'reasoning-start', id };
    const metadata = { openai: { itemId, ...(sealed !== undefined && { encryptedContent: sealed }) } };
    yield { type: 'reasoning-end', id, metadata };
  }

  #reason(type: unknown, raw: string | undefined): FinishReason {
    if (type === 'response.incomplete')
      return raw === 'max_output_tokens' ? 'length' : raw === 'content_filter' ? 'content-filter' : 'other';
    if (this.#hasCalls) return 'tool-calls';
    return this.#isRefusal ? 'refusal' : 'stop';
  }
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  'response.created': (to, event) => to.created(event),
  'response.output_item.added': (to, event) => to.itemAdded(event),
  'response.output_item.done': (to, event) => to.itemDone(event),
  'response.output_text.delta': (to, event) => to.text(event),
  'response.output_text.done': (to, event) => to.textDone(event),
  'response.output_text.annotation.added': (to, event) => to.annotation(event),
  'response.refusal.delta': (to, event) => to.refusal(event),
  'response.refusal.done': (to, event) => to.textDone(event),
  'response.reasoning_summary_text.delta': (to, event) => to.reasoning(event),
  'response.reasoning_text.delta': (to, event) => to.reasoning(event),
  'response.function_call_arguments.delta': (to, event) => to.callDelta(event),
  'response.custom_tool_call_input.delta': (to, event) => to.callDelta(event),
  'response.completed': (to, event) => to.finish(event),
  'response.incomplete': (to, event) => to.finish(event),
  'response.failed': (to, event) => to.finish(event),
  'response.cancelled': (to, event) => to.finish(event),
  error: (_, event) => {
    throw failureOf(event, event);
  },
};

/** Which part of which item. */
const placeOf = ({ item_id: item, content_index: content, summary_index: summary }: Json): string =>
  summary === undefined ? `${item}/${content ?? 0}` : `${item}/summary/${summary}`;

function failureOf(error: Json, cause: unknown): ModelError {
  const message = textOf(error.message) ?? 'The response failed';
  const words = [error.code, error.type];
  return reportedError(words, message, cause) ?? new ModelError('provider_error', message, { cause });
}

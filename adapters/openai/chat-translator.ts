/**
 * Chunks of Chat Completions as events, of OpenAI and of those who speak its language with an accent. Must not know: how they
 * arrive.
 */
import {
  type FinishReason,
  ModelError,
  type ModelEvent,
  type ProviderMetadata,
  type Translator,
} from '@sockudo/ai-transport/model';
import { ChatCalls } from './chat-calls.ts';
import { isEmpty, type Json, listOf, objectOf, textOf, without } from './json.ts';
import { usageOf } from './usage.ts';

const CHUNK_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'usage',
  'citations',
  'system_fingerprint',
  'service_tier',
  'obfuscation',
]);
const CHOICE_FIELDS: ReadonlySet<string> = new Set(['index', 'delta', 'finish_reason']);
const DELTA_FIELDS: ReadonlySet<string> = new Set([
  'role',
  'content',
  'refusal',
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'tool_calls',
  'annotations',
  'images',
]);

const FINISH: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
};

/** Pieces of reasoning that are given back as they came. */
const DETAILS_MAX = 1_000;
const CITATIONS_MAX = 200;

type Kind = 'text' | 'reasoning';

export class ChatTranslator implements Translator<unknown> {
  readonly #provider: string;
  readonly #calls = new ChatCalls();
  readonly #details: unknown[] = [];
  readonly #cited = new Set<string>();
  #open: { readonly kind: Kind; readonly id: string } | null = null;
  #pieces = 0;
  #hasResponse = false;
  #isRefusal = false;
  #finished = false;
  #fields: Json = {};

  constructor(provider: string) {
    this.#provider = provider;
  }

  get isComplete(): boolean {
    return this.#finished;
  }

  *next(value: unknown): Generator<ModelEvent> {
    const chunk = objectOf(value);
    if (!Array.isArray(chunk.choices)) {
      yield {
        type: 'provider',
        provider: this.#provider,
        name: textOf(chunk.object) ?? 'chunk',
        data: value,
      };
      return;
    }
    yield* this.#response(chunk);
    const choice = objectOf(chunk.choices.find((each) => (objectOf(each).index ?? 0) === 0));
    this.#keep(without(chunk, CHUNK_FIELDS), without(choice, CHOICE_FIELDS));
    yield* this.#delta(objectOf(choice.delta));
    yield* this.#citations(chunk.citations);
    const finish = textOf(choice.finish_reason);
    if (finish !== undefined && !this.#finished) yield* this.#finish(finish);
    const usage = usageOf(chunk.usage);
    if (usage !== undefined) yield { type: 'usage', usage };
  }

  *end(): Generator<ModelEvent> {
    if (!this.#finished) throw new ModelError('connection', 'The stream ended before the model had finished');
    // What comes with every chunk is kept once.
    if (!isEmpty(this.#fields))
      yield { type: 'provider', provider: this.#provider, name: 'chunk', data: this.#fields };
  }

  *#response(chunk: Json): Generator<ModelEvent> {
    if (this.#hasResponse) return;
    const id = textOf(chunk.id) || undefined;
    const model = textOf(chunk.model) || undefined;
    if (id === undefined && model === undefined) return;
    this.#hasResponse = true;
    yield {
      type: 'response',
      provider: this.#provider,
      ...(id !== undefined && { id }),
      ...(model !== undefined && { model }),
    };
  }

  *#delta(delta: Json): Generator<ModelEvent> {
    for (const detail of listOf(delta.reasoning_details))
      if (this.#details.length < DETAILS_MAX) this.#details.push(detail);
    yield* this.#text('reasoning', textOf(delta.reasoning_content) ?? textOf(delta.reasoning));
    yield* this.#content(delta.content);
    const refusal = textOf(delta.refusal);
    if (refusal) this.#isRefusal = true;
    yield* this.#text('text', refusal);
    for (const annotation of listOf(delta.annotations)) yield* this.#annotation(annotation);
    for (const image of listOf(delta.images)) yield* imageOf(image);
    const calls = listOf(delta.tool_calls);
    if (calls.length > 0) yield* this.#close();
    for (const call of calls) yield* this.#calls.next(objectOf(call));
    const rest = without(delta, DELTA_FIELDS);
    if (!isEmpty(rest)) yield { type: 'provider', provider: this.#provider, name: 'delta', data: rest };
  }

  /** Text, or a list of pieces of text and thought. */
  *#content(content: unknown): Generator<ModelEvent> {
    yield* this.#text('text', textOf(content));
    for (const each of listOf(content)) {
      const { type, text, thinking } = objectOf(each);
      if (type === 'text') yield* this.#text('text', textOf(text));
      else if (type === 'thinking') {
        const thought = listOf(thinking).map((piece) => textOf(objectOf(piece).text) ?? '');
        yield* this.#text('reasoning', thought.join(''));
      } else yield { type: 'provider', provider: this.#provider, name: 'content', data: each };
    }
  }

  *#text(kind: Kind, text: string | undefined): Generator<ModelEvent> {
    if (text === undefined || text === '') return;
    if (this.#open?.kind !== kind) {
      yield* this.#close();
      this.#open = { kind, id: String(this.#pieces++) };
      yield { type: `${kind}-start`, id: this.#open.id };
    }
    yield { type: `${kind}-delta`, id: this.#open.id, text };
  }

  *#close(): Generator<ModelEvent> {
    if (this.#open === null) return;
    const { kind, id } = this.#open;
    this.#open = null;
    yield { type: `${kind}-end`, id, ...(kind === 'reasoning' && this.#takeDetails()) };
  }

  #takeDetails(): { readonly metadata?: ProviderMetadata } {
    const details = this.#details.splice(0);
    return details.length === 0 ? {} : { metadata: { openai: { reasoning_details: details } } };
  }

  *#annotation(annotation: unknown): Generator<ModelEvent> {
    const { type, url_citation: cited } = objectOf(annotation);
    const { url, title } = objectOf(cited);
    const address = textOf(url);
    if (type === 'url_citation' && address !== undefined) yield* this.#source(address, textOf(title));
    else yield { type: 'provider', provider: this.#provider, name: 'annotation', data: annotation };
  }

  /** Some list all they have cited so far with every chunk. */
  *#citations(citations: unknown): Generator<ModelEvent> {
    for (const citation of listOf(citations)) {
      const url = textOf(citation) ?? textOf(objectOf(citation).url);
      if (url !== undefined) yield* this.#source(url, textOf(objectOf(citation).title));
    }
  }

  *#source(url: string, title: string | undefined): Generator<ModelEvent> {
    if (this.#cited.has(url) || this.#cited.size >= CITATIONS_MAX) return;
    const sourceId = `s${this.#cited.size}`;
    this.#cited.add(url);
    yield { type: 'source', sourceId, kind: 'url', url, ...(title !== undefined && { title }) };
  }

  *#finish(rawReason: string): Generator<ModelEvent> {
    yield* this.#close();
    if (this.#details.length > 0) {
      const id = String(this.#pieces++);
      yield { type: 'reasoning-start', id };
      yield { type: 'reasoning-end', id, ...this.#takeDetails() };
    }
    yield* this.#calls.end(rawReason === 'length');
    this.#finished = true;
    const known = FINISH[rawReason] ?? 'other';
    const reason =
      known !== 'stop' ? known : this.#isRefusal ? 'refusal' : this.#calls.any ? 'tool-calls' : known;
    yield { type: 'finish', reason, rawReason };
  }

  #keep(...fields: readonly Json[]): void {
    for (const each of fields) this.#fields = { ...this.#fields, ...each };
  }
}

function* imageOf(image: unknown): Generator<ModelEvent> {
  const url = textOf(objectOf(objectOf(image).image_url).url);
  if (url === undefined) return;
  const mediaType = /^data:([^;,]+)/.exec(url)?.[1] ?? 'image/*';
  yield { type: 'file', mediaType, url };
}

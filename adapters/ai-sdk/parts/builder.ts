/**
 * A message of the AI SDK's made of chunks, at once: what its own reader, which is asynchronous, makes of them.
 * Must not know: where the chunks come from.
 */
import { type AnyChunk, isObject, stringOf, type UIMessage, type UIPart } from './chunk.ts';
import { setTool, type ToolPart } from './tool-part.ts';

type Members = Readonly<Record<string, unknown>>;
// Parts are put together member by member.
type OpenPart = Record<string, unknown> & { type: string };

export function messageOf(id: string, chunks: readonly AnyChunk[]): UIMessage {
  const builder = new Builder();
  for (const chunk of chunks) builder.take(chunk);
  const { metadata } = builder;
  return {
    id,
    role: 'assistant',
    // CAST: made after the AI SDK's own table of parts; a test holds both against each other.
    parts: builder.parts as unknown as UIPart[],
    ...(metadata !== undefined && { metadata }),
  };
}

class Builder {
  readonly parts: OpenPart[] = [];
  metadata: unknown;
  readonly #open = new Map<string, OpenPart>();

  take(chunk: AnyChunk): void {
    const { type } = chunk;
    if (/^(text|reasoning)-(start|delta|end)$/.test(type)) this.#takeText(type, chunk);
    else if (type.startsWith('tool-')) setTool(this.parts as ToolPart[], chunk);
    else if (type.startsWith('data-')) this.#takeData(chunk);
    else if (type === 'reset-step') this.#resetStep();
    else if (type === 'start-step') this.parts.push({ type: 'step-start' });
    else this.#takeOther(type, chunk);
  }

  #takeText(type: string, { id, delta, citations, providerMetadata }: AnyChunk): void {
    const [kind = '', phase] = type.split('-');
    const key = `${kind} ${id}`;
    if (phase === 'start') {
      const part = {
        type: kind,
        ...(kind === 'reasoning' && { id }),
        text: '',
        providerMetadata,
        state: 'streaming',
      };
      this.parts.push(part);
      this.#open.set(key, part);
      return;
    }
    const part = this.#open.get(key);
    if (part === undefined) return;
    part.text += stringOf(delta) ?? '';
    part.providerMetadata = providerMetadata ?? part.providerMetadata;
    if (phase !== 'end') return;
    part.state = 'done';
    if (citations !== undefined) part.citations = citations;
    this.#open.delete(key);
  }

  #takeData(chunk: AnyChunk): void {
    if (chunk.transient === true) return;
    const known =
      chunk.id === undefined
        ? undefined
        : this.parts.find(({ type, id }) => type === chunk.type && id === chunk.id);
    if (known === undefined) this.parts.push({ ...chunk });
    else known.data = chunk.data;
  }

  #resetStep(): void {
    this.parts.length = this.parts.findLastIndex(({ type }) => type === 'step-start') + 1;
    this.#open.clear();
  }

  #takeOther(type: string, chunk: AnyChunk): void {
    const { providerMetadata, sourceId, url, title, mediaType, filename, kind, id, parts } = chunk;
    const metadata = { providerMetadata };
    if (type === 'custom') this.parts.push({ type, kind, ...metadata });
    else if (type === 'file' || type === 'reasoning-file')
      this.parts.push({ type, mediaType, url, ...metadata });
    else if (type === 'source-url') this.parts.push({ type, sourceId, url, title, ...metadata });
    else if (type === 'source-document')
      this.parts.push({ type, sourceId, mediaType, title, filename, ...metadata });
    else if (type === 'steering-message') this.parts.push({ type, id, parts });
    else if (type === 'start' || type === 'finish' || type === 'message-metadata')
      this.metadata = merged(this.metadata, chunk.messageMetadata);
  }
}

/** Member by member, and within objects again; lists and all else are replaced. */
function merged(base: unknown, over: unknown): unknown {
  if (over === undefined || over === null) return base;
  if (!isPlain(base) || !isPlain(over)) return over;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined || key === '__proto__') continue;
    const before = Object.hasOwn(base, key) ? base[key] : undefined;
    result[key] = isPlain(before) && isPlain(value) ? merged(before, value) : value;
  }
  return result;
}

const isPlain = (value: unknown): value is Members => isObject(value);

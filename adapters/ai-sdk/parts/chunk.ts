/** The AI SDK's own types under short names, and what both sides ask of a value. Must not know: the wire. */
import type { UIMessage, UIMessageChunk } from 'ai';

export type Chunk = UIMessageChunk;
export type ChunkOf<Type extends Chunk['type']> = Extract<Chunk, { type: Type }>;
export type { UIMessage };
export type UIPart = UIMessage['parts'][number];

/** Also of a later AI SDK: some object with a type. */
export type AnyChunk = { readonly type: string } & Readonly<Record<string, unknown>>;

/** What this version does not know is passed on as it is: the AI SDK leaves it alone, or knows more of it. */
// CAST: whoever reads chunks looks at their type first.
export const chunkOfAny = (chunk: AnyChunk): Chunk => chunk as unknown as Chunk;
export const anyOfChunk = (chunk: Chunk): AnyChunk => chunk as unknown as AnyChunk;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const stringOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** Undefined for what is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text itself where it is no JSON. */
export function jsonOf(text: string): unknown {
  const value = parsed(text);
  return value === undefined ? text : value;
}

/** Whether both are the same as JSON, whatever the order of their members. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isSameJson(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const [ofA, ofB] = [definedKeys(a), definedKeys(b)];
  return ofA.length === ofB.length && ofA.every((key) => Object.hasOwn(b, key) && isSameJson(a[key], b[key]));
}

const definedKeys = (value: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(value).filter((key) => value[key] !== undefined);

/** The same object without the members that are undefined. */
export function defined<Given extends object>(
  given: Given,
): { [Key in keyof Given]?: Exclude<Given[Key], undefined> } {
  // CAST: exactly what the type says, which `fromEntries` cannot know.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Given]?: Exclude<Given[Key], undefined>;
  };
}

// Fills a JSON Schema with what a text offers: quoted words, numbers, addresses, names. For arguments of tools and for answers that have
// to be JSON. Must not know: tools, HTTP.
import { z } from 'zod';

const schemaPart = z.object({
  type: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .catch(undefined),
  enum: z.array(z.unknown()).max(1000).optional().catch(undefined),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  format: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  properties: z.record(z.string(), z.unknown()).optional().catch(undefined),
  required: z.array(z.string()).optional().catch(undefined),
});
type SchemaPart = z.infer<typeof schemaPart>;

const MAX_DEPTH = 6;
const MAX_PROPERTIES = 100;
/** Names of properties that take the whole of what was said. */
const WHOLE =
  /query|question|text|prompt|message|content|search|input|body|topic|title|summary|reason|note|subject/i;

export interface Filled {
  readonly value: unknown;
  /** Names of required properties that nothing in the text fits. */
  readonly missing: readonly string[];
}

/** The same schema and text give the same value. */
export function fillSchema(schema: unknown, text: string): Filled {
  const missing: string[] = [];
  const value = fill(schema, new Offers(text), { name: '', isRequired: true, depth: 0, missing });
  return { value, missing };
}

interface Place {
  readonly name: string;
  readonly isRequired: boolean;
  readonly depth: number;
  readonly missing: string[];
}

function fill(schema: unknown, offers: Offers, place: Place): unknown {
  const part = schemaPart.safeParse(schema).data ?? {};
  if (part.const !== undefined) return part.const;
  const type = typeOf(part);
  if (type === 'object') return fillObject(part, offers, place);
  const found = valueFor(type, part, offers, place);
  if (found !== undefined) return found;
  if (part.default !== undefined) return part.default;
  if (!place.isRequired) return undefined;
  if (place.name !== '') place.missing.push(place.name);
  return part.enum?.[0] ?? EMPTY[type] ?? null;
}

const EMPTY: Readonly<Record<string, unknown>> = {
  string: '',
  number: 0,
  integer: 0,
  boolean: false,
  array: [],
};

function typeOf({ type, properties, enum: choices }: SchemaPart): string {
  const first = Array.isArray(type) ? type.find((one) => one !== 'null') : type;
  if (first !== undefined) return first;
  if (properties !== undefined) return 'object';
  return choices === undefined ? 'string' : typeof choices[0];
}

function fillObject({ properties = {}, required = [] }: SchemaPart, offers: Offers, place: Place): unknown {
  if (place.depth >= MAX_DEPTH) return {};
  const names = Object.keys(properties).slice(0, MAX_PROPERTIES);
  // Those that must be there choose first.
  const inOrder = names.toSorted((a, b) => Number(required.includes(b)) - Number(required.includes(a)));
  const values = new Map<string, unknown>();
  for (const name of inOrder) {
    const isRequired = place.isRequired && required.includes(name);
    const value = fill(properties[name], offers, { ...place, name, isRequired, depth: place.depth + 1 });
    if (value !== undefined) values.set(name, value);
  }
  return Object.fromEntries(names.flatMap((name) => (values.has(name) ? [[name, values.get(name)]] : [])));
}

function valueFor(type: string, part: SchemaPart, offers: Offers, { name, isRequired }: Place): unknown {
  if (part.enum !== undefined) return part.enum.find((one) => offers.says(String(one)));
  const named = offers.named(name);
  switch (type) {
    case 'number':
    case 'integer':
      return offers.number(type === 'integer', named, isRequired);
    case 'boolean':
      if (named !== undefined) return !/^(?:no|false|off)$/i.test(named);
      return name !== '' && offers.says(name) ? true : undefined;
    case 'array':
      return isRequired ? offers.allQuoted() : undefined;
    case 'string':
      return named ?? offers.text(name, part.format, isRequired);
    default:
      return undefined;
  }
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** What a text has to offer; what was taken is not offered again. */
class Offers {
  readonly #text: string;
  readonly #quoted: string[];
  readonly #numbers: number[];
  readonly #names: string[];

  constructor(text: string) {
    this.#text = text.slice(0, 20_000).trim();
    this.#quoted = [...this.#text.matchAll(/`([^`\n]+)`|"([^"\n]+)"|“([^”\n]+)”/g)].map(
      ([, tick, quote, curly]) => tick ?? quote ?? curly ?? '',
    );
    this.#numbers = [...this.#text.matchAll(/(?<![\p{L}\d.:-])-?\d+(?:\.\d+)?(?![\p{L}\d]|[:-]\d)/gu)].map(
      ([digits]) => Number(digits),
    );
    this.#names = [
      ...this.#text.matchAll(
        /\b(?:in|at|to|from|for|of|about|near|with|on)\s+((?:\p{Lu}[\p{L}\p{N}.'-]*)(?:\s+\p{Lu}[\p{L}\p{N}.'-]*)*)/gu,
      ),
    ].map(([, name]) => (name ?? '').replace(/[.']+$/, ''));
  }

  says(words: string): boolean {
    const plain = words.replaceAll(/[_-]+/g, ' ').toLowerCase();
    return (
      plain !== '' &&
      ` ${this.#text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, ' ')} `.includes(` ${plain} `)
    );
  }

  /** What stands behind `name:` or `name=`. */
  named(name: string): string | undefined {
    if (name === '') return undefined;
    const pattern = new RegExp(`\\b${escaped(name)}\\s*[:=]\\s*(?:"([^"]*)"|\`([^\`]*)\`|([^\\s,;]+))`, 'i');
    const [, quote, tick, bare] = pattern.exec(this.#text) ?? [];
    return quote ?? tick ?? bare;
  }

  number(isWhole: boolean, named: string | undefined, isRequired: boolean): number | undefined {
    const given = named === undefined ? Number.NaN : Number(named);
    if (!Number.isNaN(given)) return isWhole ? Math.trunc(given) : given;
    if (!isRequired) return undefined;
    const at = this.#numbers.findIndex((one) => !isWhole || Number.isInteger(one));
    return at === -1 ? undefined : this.#numbers.splice(at, 1)[0];
  }

  text(name: string, format: string | undefined, isRequired: boolean): string | undefined {
    const special = this.#special(format ?? name);
    if (special !== undefined) return special;
    if (!isRequired) return undefined;
    return (
      this.#quoted.shift() ??
      this.#names.shift() ??
      (WHOLE.test(name) && this.#text !== '' ? this.#text : undefined)
    );
  }

  allQuoted(): string[] | undefined {
    const all = this.#quoted.splice(0);
    return all.length === 0 ? undefined : all;
  }

  #special(kind: string): string | undefined {
    if (/e-?mail/i.test(kind)) return /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/.exec(this.#text)?.[0];
    if (/^ur[il]$|url$/i.test(kind)) return /https?:\/\/[^\s<>)"`]+/.exec(this.#text)?.[0];
    if (/^date/i.test(kind)) return /\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?/.exec(this.#text)?.[0];
    return undefined;
  }
}

/** Reading what a provider sent, which may be anything. Must not know: what it means. */

export type Json = Readonly<Record<string, unknown>>;

/** Empty for what is no object. */
export const objectOf = (value: unknown): Json =>
  // CAST: any object may be read member by member.
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Undefined for what is no text. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** Members that are there: neither undefined nor null. */
export const present = (value: Json): Json =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined && member !== null));

export const without = (value: Json, names: ReadonlySet<string>): Json =>
  present(Object.fromEntries(Object.entries(value).filter(([name]) => !names.has(name))));

export const isEmpty = (value: Json): boolean => Object.keys(value).length === 0;

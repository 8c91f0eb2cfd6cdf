/** Values that came as JSON from somebody else's server: looked at before they are believed. */

export type JsonMap = Record<string, unknown>;

/** The provider's name in metadata and events. */
export const PROVIDER = 'anthropic';

export const isObject = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The object that a text holds; null where it holds none. */
export function objectOf(text: string): JsonMap | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Reading unknown JSON values safely: own members only, so that keys such as `__proto__` or `constructor` mean nothing.
 * Must not know: what the members are for.
 */

import { JSON_DEPTH_MAX } from './limits.ts';

/** A JSON object whose members are still unchecked. */
export type JsonObject = { readonly [key: string]: unknown };

/** A JSON object (not null, not an array). */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The own member `key`, or undefined. */
export const member = (object: JsonObject, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** The own member when it is a string, else undefined. */
export function stringMember(object: JsonObject, key: string): string | undefined {
  const value = member(object, key);
  return typeof value === 'string' ? value : undefined;
}

/**
 * True when objects and lists lie more than JSON_DEPTH_MAX deep: such a value would exhaust the stack of whoever writes it out
 * again. Looks no deeper than that itself.
 */
export function isTooDeep(value: unknown, levels = JSON_DEPTH_MAX): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isTooDeep(item, levels - 1));
  for (const item of Object.values(value)) if (isTooDeep(item, levels - 1)) return true;
  return false;
}

/** JSON.parse that answers undefined instead of throwing, also for what lies too deep; `null` is a value. */
export function tryParseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isTooDeep(value) ? undefined : value;
  } catch {
    // The caller knows which error the malformed text deserves.
    return undefined;
  }
}

/** True when every member is a string. */
export const isStringMap = (value: unknown): value is { readonly [key: string]: string } =>
  isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string');

// Building blocks of the configuration schema: each field carries its default and a sentence with unit and effect, from
// which the JSON Schema, the documentation and the expectation in an error text are made.
import { z } from 'zod';

/** A whole number; `max` defaults to the largest that JavaScript counts exactly. */
export function integer(description: string, min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return z.int().min(min).max(max).describe(description);
}

/** A whole number of at least 1: zero would switch the feature off in a way nobody can mean. */
export function positive(description: string, max?: number) {
  return integer(description, 1, max);
}

export function flag(description: string) {
  return z.boolean().describe(description);
}

export function text(description: string) {
  return z.string().describe(description);
}

/** Text that is never printed: `config print`, problem texts and logs show `[redacted]`. */
export function secret(description: string) {
  return z.string().describe(description).meta({ secret: true });
}

export function port(description: string) {
  return integer(description, 0, 65_535);
}

export function texts(description: string) {
  return z.array(z.string()).describe(description);
}

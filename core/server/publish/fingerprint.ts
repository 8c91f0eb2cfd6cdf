// What makes two publishes the same: a digest of everything a subscriber could tell apart, in canonical JSON (divergence
// D56). Time, position, origin and the key itself do not count.
import { hash } from 'node:crypto';
import type { Publication } from './publication.ts';

export function fingerprintOf({ event, data, tags, extras, delta }: Publication): string {
  const { idempotencyKey: _, ...rest } = extras ?? {};
  return hash('sha256', canonicalJson([event, data, tags ?? null, rest, delta ?? null]));
}

/** JSON with the members of every object in ascending order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

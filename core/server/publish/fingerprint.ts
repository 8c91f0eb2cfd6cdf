// What makes two publishes the same: a digest of everything a subscriber could tell apart, in canonical JSON (divergence
// D56), and the client that published it: nobody is told of another one's message. Time, position, origin and the key itself do not count.
import { hash } from 'node:crypto';
import type { Publication } from './publication.ts';

export function fingerprintOf({ event, data, tags, extras, delta, creatorId }: Publication): string {
  const { idempotencyKey: _, ...rest } = extras ?? {};
  const creator = creatorId === undefined ? [] : [creatorId];
  return hash('sha256', canonicalJson([event, data, tags ?? null, rest, delta ?? null, ...creator]));
}

/** JSON with the members of every object in ascending order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

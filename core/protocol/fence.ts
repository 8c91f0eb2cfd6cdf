/**
 * The `fence` member of publishes and mutations: an opaque proof that the publisher still is the one to publish this. Sockudo has
 * nothing like it; what a fence means is a plug-in's business (AI Transport: the lease on a run).
 */
import { httpError, invalidShape } from './errors.ts';
import { type JsonObject, member } from './json.ts';
import { utf8Length } from './text.ts';

/** An id of 2048 bytes, a colon and a number of 15 digits. */
export const FENCE_MAX_BYTES = 2064;

/** @throws ProtocolError 422 unless it is a string, 400 `invalid_input` for an empty or over-long one */
export function fenceOf(body: JsonObject): string | undefined {
  const fence = member(body, 'fence') ?? undefined;
  if (fence === undefined) return undefined;
  if (typeof fence !== 'string') throw invalidShape("'fence' must be a string");
  return checkedFence(fence);
}

/** @throws ProtocolError 400 `invalid_input` */
export function checkedFence(fence: string): string {
  if (fence !== '' && utf8Length(fence) <= FENCE_MAX_BYTES) return fence;
  throw httpError('invalid_input', `fence must be 1-${FENCE_MAX_BYTES} bytes`);
}

/**
 * `extras` of a publish or of an AI client event: parsing, and the text that V2 subscribers see.
 * Must not know: what AI headers mean (ai-transport/wire), push, stores.
 * Sources: realtime sheet 6.11, divergences D8, D56.
 */
import { invalidShape, type ProtocolError } from './errors.ts';
import { isJsonObject, isStringMap, type JsonObject, member } from './json.ts';

export type HeaderValue = string | number | boolean;

/** Checked extras. Absent member = not given. */
export interface Extras {
  readonly headers?: { readonly [key: string]: HeaderValue };
  /** Not stored, not replayed, no serial. */
  readonly ephemeral?: boolean;
  /** Either spelling on the wire, camelCase wins (divergence D56). Sent to subscribers as `idempotencyKey`. */
  readonly idempotencyKey?: string;
  /** Any JSON; triggers a push. */
  readonly push?: unknown;
  readonly echo?: boolean;
  readonly ai?: AiExtras;
  /** Every other member, kept as it came. */
  readonly opaque?: JsonObject;
}

export interface AiExtras {
  readonly transport?: { readonly [key: string]: string };
  readonly codec?: { readonly [key: string]: string };
}

const KNOWN: ReadonlySet<string> = new Set([
  'headers',
  'ephemeral',
  'idempotencyKey',
  'idempotency_key',
  'push',
  'echo',
  'ai',
]);

/**
 * Checks extras. Null counts as absent, for the whole and for each member.
 * @throws ProtocolError 422 `invalid_input` (make another one with `refuse`, e.g. 4000 for a socket)
 */
export function parseExtras(
  value: unknown,
  refuse: (text: string) => ProtocolError = invalidShape,
): Extras | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw refuse('extras must be an object');
  const headers = member(value, 'headers') ?? undefined;
  if (headers !== undefined && !isHeaders(headers))
    throw refuse('extras.headers must be a flat map of strings, numbers and booleans');
  const push = member(value, 'push') ?? undefined;
  const opaque = Object.entries(value).filter(([key]) => !KNOWN.has(key));
  return {
    ...(headers !== undefined && { headers }),
    ...flags(value, refuse),
    ...(push !== undefined && { push }),
    ...aiPart(value, refuse),
    ...(opaque.length > 0 && { opaque: Object.fromEntries(opaque) }),
  };
}

function flags(value: JsonObject, refuse: (text: string) => ProtocolError): Extras {
  const ephemeral = member(value, 'ephemeral') ?? undefined;
  const echo = member(value, 'echo') ?? undefined;
  const idempotencyKey = member(value, 'idempotencyKey') ?? member(value, 'idempotency_key') ?? undefined;
  if (ephemeral !== undefined && typeof ephemeral !== 'boolean')
    throw refuse('extras.ephemeral must be a boolean');
  if (echo !== undefined && typeof echo !== 'boolean') throw refuse('extras.echo must be a boolean');
  if (idempotencyKey !== undefined && typeof idempotencyKey !== 'string') {
    throw refuse('extras.idempotencyKey must be a string');
  }
  return {
    ...(ephemeral !== undefined && { ephemeral }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(echo !== undefined && { echo }),
  };
}

function aiPart(value: JsonObject, refuse: (text: string) => ProtocolError): Extras {
  const ai = member(value, 'ai') ?? undefined;
  if (ai === undefined) return {};
  if (!isJsonObject(ai)) throw refuse('extras.ai must be an object');
  const transport = member(ai, 'transport') ?? undefined;
  const codec = member(ai, 'codec') ?? undefined;
  if (transport !== undefined && !isStringMap(transport))
    throw refuse('extras.ai.transport must be a map of strings');
  if (codec !== undefined && !isStringMap(codec)) throw refuse('extras.ai.codec must be a map of strings');
  return { ai: { ...(transport !== undefined && { transport }), ...(codec !== undefined && { codec }) } };
}

function isHeaders(value: unknown): value is { readonly [key: string]: HeaderValue } {
  return (
    isJsonObject(value) &&
    Object.values(value).every(
      (item) => typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean',
    )
  );
}

/** The JSON text V2 subscribers see. Whole numbers have no fraction (divergence D8). */
export function encodeExtras(extras: Extras): string {
  const { headers, ephemeral, idempotencyKey, push, echo, ai, opaque } = extras;
  return JSON.stringify({ headers, ephemeral, idempotencyKey, push, echo, ai, ...opaque });
}

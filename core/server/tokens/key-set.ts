// What counts as a JWKS: public keys for signatures, and not too many. Pure.
import type { JSONWebKeySet, JWK } from 'jose';

/** Algorithms that tokens of a key set may have. Every one is asymmetric: whoever verifies can't sign. */
export const KEY_SET_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
  'Ed25519',
] as const;

export type KeySetAlgorithm = (typeof KEY_SET_ALGORITHMS)[number];

/** Keys of one set. */
export const KEY_SET_MAX_KEYS = 100;

const KEY_TYPES: ReadonlySet<unknown> = new Set(['RSA', 'EC', 'OKP']);

/**
 * Reads `{"keys":[…]}`. Keys of other types and for other uses are left out, as RFC 7517 asks; so are private ones, which nobody
 * should publish.
 * @throws TypeError when it is no key set, or has more than KEY_SET_MAX_KEYS keys
 */
export function parseKeySet(value: unknown): JSONWebKeySet {
  const keys = isObject(value) ? value.keys : undefined;
  if (!Array.isArray(keys) || !keys.every(isObject)) throw new TypeError('a JWKS is {"keys":[…]}');
  if (keys.length > KEY_SET_MAX_KEYS) throw new TypeError(`a JWKS may have ${KEY_SET_MAX_KEYS} keys at most`);
  // CAST: the members that decide are checked here, the rest by jose when it imports a key.
  return { keys: keys.filter((key) => KEY_TYPES.has(key.kty) && !isPrivateKey(key)) as unknown as JWK[] };
}

/** It holds what only its owner should have: a private exponent or, of a symmetric key, the key. */
export const isPrivateKey = (key: Readonly<Record<string, unknown>>): boolean =>
  key.d !== undefined || key.k !== undefined;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

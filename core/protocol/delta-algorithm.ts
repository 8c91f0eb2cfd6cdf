/**
 * The algorithms of delta compression by the names that protocol 2 has for them.
 * Must not know: frames, when a delta is made.
 */
import { decodeFossil, encodeFossil } from './delta-fossil.ts';
import { encodeVcdiff } from './delta-vcdiff.ts';
import { decodeVcdiff } from './delta-vcdiff-decode.ts';

/** `xdelta3` stands for VCDIFF (RFC 3284). */
export type DeltaAlgorithm = 'fossil' | 'xdelta3';

/** What a client assumes that was never told otherwise. */
export const DELTA_DEFAULT_ALGORITHM: DeltaAlgorithm = 'fossil';

/** Reads a name; `vcdiff` is another word for xdelta3, case does not matter. Null: unknown. */
export function parseDeltaAlgorithm(name: unknown): DeltaAlgorithm | null {
  if (typeof name !== 'string') return null;
  const lower = name.toLowerCase();
  if (lower === 'fossil') return 'fossil';
  return lower === 'xdelta3' || lower === 'vcdiff' ? 'xdelta3' : null;
}

/** A delta that makes `target` of `base`. It may be longer than the target. */
export const createDelta = (algorithm: DeltaAlgorithm, base: Uint8Array, target: Uint8Array): Uint8Array =>
  algorithm === 'fossil' ? encodeFossil(base, target) : encodeVcdiff(base, target);

/**
 * Makes the target of a delta from its base.
 * @param maxBytes bound of the result, default DELTA_RESULT_MAX_BYTES
 * @throws DeltaError
 */
export const applyDelta = (
  algorithm: DeltaAlgorithm,
  base: Uint8Array,
  delta: Uint8Array,
  maxBytes?: number,
): Uint8Array =>
  algorithm === 'fossil' ? decodeFossil(base, delta, maxBytes) : decodeVcdiff(base, delta, maxBytes);

/**
 * What the delta decoders throw, and the bound they keep. Must not know: formats, frames.
 */

/** Largest result a decoder makes unless told otherwise, bytes: a few hostile bytes must not fill the memory. */
export const DELTA_RESULT_MAX_BYTES = 16 * 1024 * 1024;

/** A delta that is damaged, foreign or does not belong to this base. */
export class DeltaError extends Error {
  override readonly name = 'DeltaError';
}

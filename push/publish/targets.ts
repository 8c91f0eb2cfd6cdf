// Names of targets: what tells two recipients of one publish apart.
import type { TargetRef } from '../contracts.ts';

/** The part of a key for one target of a publish. */
export const targetName = (ref: TargetRef): string =>
  ref.kind === 'device' ? `d:${ref.deviceId}` : `r:${ref.index}`;

// The stream id of a channel that has no row in the database.
import { createHash } from 'node:crypto';
import type { ChannelKey } from '@sockudo/server/ports';

/**
 * Always the same one, so that it needs no row. Whoever subscribes to invented names
 * fills no table, and a subscriber of a silent channel can resume after a restart. In the form of a UUID version 8 (RFC 9562).
 */
export function unusedStreamId(seed: Uint8Array, epoch: number, { appId, channel }: ChannelKey): string {
  const digest = createHash('sha256').update(seed).update(`${epoch}:${appId.length}:${appId}${channel}`);
  const hex = digest.digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

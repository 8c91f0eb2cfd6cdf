// The stream id of a channel that has no row yet.
import { createHash } from 'node:crypto';
import type { ChannelKey } from '@sockudo/server/ports';

/**
 * Every node answers the same one and needs no row for it, so whoever subscribes to invented names fills no table. It becomes
 * the channel's own with the first write. In the form of a UUID version 8 (RFC 9562).
 */
export function unusedStreamId(seed: string, { appId, channel }: ChannelKey): string {
  const bytes = createHash('sha256')
    .update(`${seed}:${appId.length}:${appId}${channel}`)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

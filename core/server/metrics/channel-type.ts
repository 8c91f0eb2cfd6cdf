// The label `channel_type` of a channel (http.md section 16).
import type { ChannelKind } from '@sockudo/protocol';
import type { ChannelType } from './counters.ts';

export function channelTypeOf(kind: ChannelKind): ChannelType {
  switch (kind.kind) {
    case 'private':
      return 'private';
    case 'presence':
      return 'presence';
    case 'encrypted':
      return 'private_encrypted';
    default:
      return kind.isCache ? 'cache' : 'public';
  }
}

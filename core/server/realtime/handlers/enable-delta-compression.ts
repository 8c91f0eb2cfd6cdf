// enable_delta_compression: always confirmed, on protocol 1 without effect (realtime.md section 6.9). The confirmation names the
// server's algorithm; a client that understands only the other one gets that, named in each delta (divergence D44).
import { type ClientFrame, deltaCompressionEnabled } from '@sockudo/protocol';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { enableDeltas, understoodAlgorithms } from '../delta/negotiate.ts';

export function handleEnableDeltaCompression(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): void {
  const { delta } = context.settings;
  connection.sendText(deltaCompressionEnabled(connection.protocol, delta.algorithm, connection.messageId()));
  enableDeltas(connection, understoodAlgorithms(frame.data), delta);
}

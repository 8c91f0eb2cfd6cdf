// pusher:resume and sockudo:resume (realtime.md section 6.2).
import { type ClientFrame, ProtocolError, parseResume } from '@sockudo/protocol';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';

export function handleResume(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): Promise<void> {
  if (!connection.app.recovery.enabled) throw new ProtocolError('recovery_disabled');
  return context.recovery.resume(connection, parseResume(frame.data));
}

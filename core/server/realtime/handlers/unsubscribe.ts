// pusher:unsubscribe: never answered, also when there was nothing to leave (realtime.md section 3.11).
import { type ClientFrame, parseUnsubscribe } from '@sockudo/protocol';
import type { Connection } from '../connection.ts';
import type { RealtimeContext } from '../context.ts';
import { detach } from '../detach.ts';

export function handleUnsubscribe(
  connection: Connection,
  frame: ClientFrame,
  context: RealtimeContext,
): void {
  const subscription = connection.subscriptions.get(parseUnsubscribe(frame.data));
  if (subscription !== undefined) detach(subscription, 0, context);
}

// Closes every connection of a user on this node (realtime.md section 4.4).
import type { ControlSignal } from '../ports/fanout.ts';
import type { Hub } from './hub.ts';

const REASONS = {
  4009: 'You got disconnected by the app.',
  4200: 'Force reconnect requested by the app.',
} as const;

export function closeUserConnections(hub: Hub, signal: Extract<ControlSignal, { kind: 'close-user' }>): void {
  const connections = hub.app(signal.appId).users.get(signal.userId);
  if (connections === undefined) return;
  for (const connection of [...connections]) connection.close(signal.code, REASONS[signal.code]);
}

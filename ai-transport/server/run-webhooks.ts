// What an app's backend is told of runs, after they were stored (ai-transport-wire.md section 19). Each event has a twin in the words of
// the time when runs were turns.
import type { Lifecycle } from '@sockudo/ai-transport/wire';
import type { App, PluginEvent, RealtimeContext } from '@sockudo/server/plugins';

type Emit = RealtimeContext['webhooks'];

/** Tells of what the event did to its run; members that the event does not give are left out. */
export function tellOfRun(webhooks: Emit, app: App, channel: string, lifecycle: Lifecycle): void {
  if (app.webhooks.length === 0) return;
  for (const told of eventsOf(channel, lifecycle)) webhooks.emit(app, told);
}

export function tellOfOrphan(webhooks: Emit, app: App, channel: string, messageSerial: string): void {
  const event: PluginEvent = {
    name: 'ai_stream_orphaned',
    channel,
    message_serial: messageSerial,
    reason: 'orphan_timeout',
  };
  webhooks.emit(app, event);
}

function eventsOf(channel: string, lifecycle: Lifecycle): readonly PluginEvent[] {
  const { kind, runId, clientId, errorCode } = lifecycle;
  switch (kind) {
    case 'run-start':
      return [
        { name: 'ai_run_started', channel, run_id: runId, client_id: clientId },
        { name: 'ai_turn_started', channel, turn_id: runId, client_id: clientId },
      ];
    case 'run-end': {
      const { reason = 'unknown' } = lifecycle;
      return [
        { name: 'ai_run_ended', channel, run_id: runId, reason, error_code: errorCode },
        { name: 'ai_turn_ended', channel, turn_id: runId, reason, error_code: errorCode },
      ];
    }
    case 'cancel':
      return [{ name: 'ai_cancel_requested', channel, run_id: runId, turn_id: runId, client_id: clientId }];
    default:
      return [];
  }
}

// Tells subscriptions that asked (sockudo:ai_session) what became of a run. Stored nowhere: who missed it asks for the session again.
import type { App, RealtimeContext } from '@sockudo/server/plugins';
import { runJsonOf, type StoredRun } from './stored-run.ts';

/** What a subscription has to ask for to be told. */
export const RUN_INTEREST = 'ai_runs';

export function announceRun(
  { fanout }: Pick<RealtimeContext, 'fanout'>,
  app: App,
  channel: string,
  run: Pick<StoredRun, 'run' | 'queuedAtMs'>,
): void {
  fanout.publish({
    key: { appId: app.id, channel },
    message: {
      channel,
      event: 'sockudo:ai_run',
      data: JSON.stringify({ channel, run: runJsonOf(run) }),
      publishedAtMs: run.run.updatedAtMs,
      platform: true,
      protocol2Only: true,
      onlyFor: RUN_INTEREST,
    },
  });
}

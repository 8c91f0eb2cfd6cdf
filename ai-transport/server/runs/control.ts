// Who may stop a run, add to it or move it in its queue (divergence D64): its owner, whoever was given the right to publish to the
// channel in so many words, a trusted server. A run that nobody owns, or that is not known, is everybody's, as in Sockudo.
import { AI_EVENT_NOT_PERMITTED, type Lifecycle } from '@sockudo/ai-transport/wire';
import { allows, ProtocolError } from '@sockudo/protocol';
import type { Connection } from '@sockudo/server/plugins';
import type { RunLog } from './run-log.ts';

/** What of it reaches a run that may be somebody else's. */
export const isControl = ({ kind, runId }: Lifecycle): boolean =>
  runId !== undefined && (kind === 'cancel' || kind === 'input');

/** @throws ProtocolError 4009 `Connection is not allowed to control run 'ID'`, `ai_code` 104003 */
export async function authoriseControl(
  runs: RunLog,
  { app, userId, capabilities }: Connection,
  channel: string,
  runId: string,
): Promise<void> {
  if (capabilities?.grants.has('publish') === true && allows(capabilities, 'publish', channel)) return;
  const owner = (await runs.run({ app, channel, runId }))?.run.clientId;
  if (owner === undefined || owner === userId) return;
  throw new ProtocolError('authentication', `Connection is not allowed to control run '${runId}'`, {
    aiCode: AI_EVENT_NOT_PERMITTED,
  });
}

// POST /apps/:appId/channels/:channel/presence/history/reset: forgets a presence history. The body names the channel and the
// operation once more, and says why, so that nobody does it by accident.
import { parseHistoryReset } from '@sockudo/protocol';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { parseJsonBody } from '../json-body.ts';
import { presenceHistoryChannel, streamJson } from './presence-history-shapes.ts';

async function resetHistory(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const body = parseJsonBody(call.request);
  const channel = presenceHistoryChannel(call, deps);
  const { reason, requestedBy } = parseHistoryReset(body, channel);
  const reset = await deps.presenceHistory.reset(call.app, channel);
  const { previous, events, bytes, retained, condition } = reset;
  deps.logger.info(
    { app_id: call.app.id, channel, events, reason, requested_by: requestedBy },
    'a presence history was reset',
  );
  return jsonAnswer(
    JSON.stringify({
      ok: true,
      operation: 'reset',
      channel,
      reason,
      requested_by: requestedBy,
      previous_stream_id: previous.streamId,
      new_stream_id: retained.head.streamId,
      purged_events: events,
      purged_bytes: bytes,
      stream: streamJson(retained, condition),
    }),
  );
}

export const presenceHistoryResetRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/channels/:channel/presence/history/reset',
  methods: { POST: resetHistory },
};

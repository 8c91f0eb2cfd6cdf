// POST /apps/:appId/channels/:channel/presence/history/reset: forgets a presence history. The body names the channel and the
// operation once more, and says why, so that nobody does it by accident.
import { httpError, invalidShape, isJsonObject, type JsonObject, member } from '@sockudo/protocol';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { parseJsonBody } from '../json-body.ts';
import { presenceHistoryChannel, streamJson } from './presence-history-shapes.ts';

interface ResetRequest {
  readonly confirmChannel: string;
  readonly confirmOperation: string;
  readonly reason: string;
  readonly requestedBy: string | null;
}

async function resetHistory(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const request = parseReset(parseJsonBody(call.request));
  const channel = presenceHistoryChannel(call, deps);
  requireConfirmation(request, channel);
  const { reason, requestedBy } = request;
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

/** @throws ProtocolError 422 `invalid_input` for a body of another shape */
function parseReset(body: unknown): ResetRequest {
  if (!isJsonObject(body)) throw invalidShape('Request body must be a JSON object');
  const requestedBy = member(body, 'requested_by') ?? null;
  if (requestedBy !== null && typeof requestedBy !== 'string') {
    throw invalidShape("'requested_by' must be a string");
  }
  return {
    confirmChannel: requiredString(body, 'confirm_channel'),
    confirmOperation: requiredString(body, 'confirm_operation'),
    reason: requiredString(body, 'reason'),
    requestedBy,
  };
}

function requiredString(body: JsonObject, key: string): string {
  const value = member(body, key);
  if (typeof value !== 'string') throw invalidShape(`Request must contain '${key}' (string)`);
  return value;
}

/** @throws ProtocolError 400 `invalid_input` */
function requireConfirmation(
  { confirmChannel, confirmOperation, reason }: ResetRequest,
  channel: string,
): void {
  if (confirmChannel !== channel) {
    throw httpError('invalid_input', 'confirm_channel must exactly match the channel path');
  }
  if (confirmOperation !== 'reset') throw httpError('invalid_input', "confirm_operation must be 'reset'");
  if (reason.trim() === '') throw httpError('invalid_input', 'reason must not be empty');
}

export const presenceHistoryResetRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/channels/:channel/presence/history/reset',
  methods: { POST: resetHistory },
};

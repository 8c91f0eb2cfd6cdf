// GET /apps/:appId/channels/:channel/presence/history/snapshot: who was in a presence channel at a serial or a time.
import { httpError, parseSerial, type QueryParameters } from '@sockudo/protocol';
import type { SnapshotPoint } from '../../presence-history/snapshot.ts';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { availableJson, presenceHistoryChannel } from './presence-history-shapes.ts';

async function showSnapshot(call: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const channel = presenceHistoryChannel(call, deps);
  const snapshot = await deps.presenceHistory.snapshot(call.app, channel, parsePoint(call.query));
  const { members, replayed, last, retained, isTruncated, isComplete } = snapshot;
  return jsonAnswer(
    JSON.stringify({
      channel,
      members: members.map(({ event, serial, publishedAtMs }) => ({
        user_id: event.user_id,
        last_event: event.event,
        last_event_serial: serial,
        last_event_at_ms: publishedAtMs,
      })),
      member_count: members.length,
      events_replayed: replayed,
      snapshot_serial: last?.serial ?? null,
      snapshot_time_ms: last?.publishedAtMs ?? null,
      continuity: {
        ...availableJson(retained),
        complete: isComplete,
        truncated_by_retention: isTruncated,
      },
    }),
  );
}

/** `at` is short for `at_time_ms`; the long name wins. */
function parsePoint(query: QueryParameters): SnapshotPoint {
  const atSerial = query.get('at_serial');
  const time = parseTime(query, 'at_time_ms') ?? parseTime(query, 'at');
  const serial = atSerial === undefined ? null : parseSerial(atSerial);
  if (atSerial !== undefined && serial === null) throw notANumber('at_serial');
  return { atSerial: serial, atTimeMs: time };
}

function parseTime(query: QueryParameters, name: string): number | null {
  const text = query.get(name);
  if (text === undefined) return null;
  const number = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw notANumber(name);
  return number;
}

const notANumber = (name: string) =>
  httpError('invalid_input', `Query parameter '${name}' must be a whole number`);

export const presenceHistorySnapshotRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/channels/:channel/presence/history/snapshot',
  methods: { GET: showSnapshot },
};

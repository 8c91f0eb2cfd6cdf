// GET /apps/:appId/channels/:channel/events: one channel as Server-Sent Events, for whoever holds the app's secret.
import { channelKind, httpError, type ProtocolError, tryParseJson } from '@sockudo/protocol';
import { subscriptionFilter } from '../../realtime/filters.ts';
import type { Settings } from '../../settings.ts';
import { parseEventId } from '../../streams/event-ids.ts';
import type { EventStreams } from '../../streams/event-streams.ts';
import type { HttpRequest, StreamRoute } from '../exchange-types.ts';
import { channelParameter } from '../path-parameters.ts';

/** The header that browsers send when they come back, or a parameter for those who can't set one. */
export function lastEventId(request: HttpRequest, parameter: string | undefined): string | undefined {
  const given = request.header('last-event-id') ?? parameter;
  return given === '' ? undefined : given;
}

export function eventStreamRoute(streams: EventStreams, settings: Pick<Settings, 'filters'>): StreamRoute {
  return {
    kind: 'stream',
    path: '/apps/:appId/channels/:channel/events',
    methods: {
      async GET(call, deps) {
        const { app, request, query } = call;
        const channel = channelParameter(call, deps);
        if (isUnreadable(channel)) throw httpError('invalid_input', 'Only single channels can be read');
        const given = lastEventId(request, query.get('last_event_id'));
        const from = given === undefined ? null : parseEventId(given, 1);
        return streams.ofChannel({ app, channel, from, filter: filterIn(channel, query, settings) });
      },
    },
  };
}

const isUnreadable = (channel: string): boolean => ['wildcard', 'meta'].includes(channelKind(channel).kind);

/** `filter` and `tags_filter`: JSON, as in a subscribe. */
function filterIn(
  channel: string,
  query: { get(name: string): string | undefined },
  settings: Pick<Settings, 'filters'>,
): ReturnType<typeof subscriptionFilter> {
  const filter = jsonIn(query.get('filter'), 'filter');
  const tagsFilter = jsonIn(query.get('tags_filter'), 'tags_filter');
  try {
    return subscriptionFilter(
      { channel, ...(filter !== undefined && { filter }), ...(tagsFilter !== undefined && { tagsFilter }) },
      2,
      settings,
    );
  } catch (error) {
    // CAST: what a filter is refused with; its text is that of a subscribe.
    throw httpError('invalid_input', (error as ProtocolError).message);
  }
}

function jsonIn(text: string | undefined, name: string): unknown {
  if (text === undefined) return undefined;
  const value = tryParseJson(text);
  if (value === undefined) throw httpError('invalid_input', `${name} is not valid JSON`);
  return value;
}

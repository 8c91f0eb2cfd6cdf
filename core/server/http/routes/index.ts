// Every route of the HTTP API, one file each. A new route is a new file and a line here.
import type { Route } from '../exchange-types.ts';
import type { HttpSettings } from '../http-deps.ts';
import { annotationRoutes } from './annotations.ts';
import { appendStreamRoute } from './append-stream.ts';
import { batchEventsRoute } from './batch-events.ts';
import { channelRoute } from './channel.ts';
import { channelUsersRoute } from './channel-users.ts';
import { channelsRoute } from './channels.ts';
import { eventsRoute } from './events.ts';
import { forceReconnectRoute } from './force-reconnect.ts';
import { historyRoutes } from './history.ts';
import { liveRoute } from './live.ts';
import { messageRoutes } from './messages.ts';
import { presenceHistoryRoute } from './presence-history.ts';
import { presenceHistoryResetRoute } from './presence-history-reset.ts';
import { presenceHistorySnapshotRoute } from './presence-history-snapshot.ts';
import { presenceHistoryStateRoute } from './presence-history-state.ts';
import { revocationsRoute } from './revocations.ts';
import { operatorStatsRoute, statsRoute } from './stats.ts';
import { terminateConnectionsRoute } from './terminate-connections.ts';
import { upAppRoute, upRoute } from './up.ts';
import { usageRoute } from './usage.ts';

const ALWAYS: readonly Route[] = [
  eventsRoute,
  batchEventsRoute,
  channelsRoute,
  channelRoute,
  channelUsersRoute,
  ...historyRoutes,
  ...messageRoutes,
  appendStreamRoute,
  ...annotationRoutes,
  presenceHistoryRoute,
  presenceHistoryStateRoute,
  presenceHistorySnapshotRoute,
  presenceHistoryResetRoute,
  terminateConnectionsRoute,
  forceReconnectRoute,
  revocationsRoute,
  liveRoute,
  upRoute,
  upAppRoute,
];

/** With `http_api.usage_enabled` off, the inspection routes are unknown paths. */
export function routesFor(settings: HttpSettings): readonly Route[] {
  return settings.http.usageEnabled ? [...ALWAYS, usageRoute, statsRoute, operatorStatsRoute] : ALWAYS;
}

// GET /up and /up/:appId: readiness, as plain text and in a header. Unauthenticated and never rate-limited.
import type { HttpAnswer, OpenRoute } from '../exchange-types.ts';
import { checkHealth, type Health } from '../health.ts';
import type { HttpDeps } from '../http-deps.ts';

const STATUSES: Readonly<Record<Health, number>> = {
  OK: 200,
  DEGRADED: 200,
  ERROR: 503,
  NOT_FOUND: 404,
  DRAINING: 503,
};

/** Label under which calls about no particular app are counted. */
const SYSTEM_APP_ID = 'system';

async function answerHealth(deps: HttpDeps, appId?: string): Promise<HttpAnswer> {
  const health = await checkHealth(deps, appId);
  const status = STATUSES[health];
  if (status === 200) {
    const counters = deps.counters.of(appId ?? SYSTEM_APP_ID);
    counters.httpCallsReceived += 1;
    counters.httpTransmittedBytes += health.length;
  }
  return { status, contentType: null, body: health, headers: [['x-health-check', health]] };
}

export const upRoute: OpenRoute = {
  kind: 'open',
  path: '/up',
  methods: { GET: (_request, deps) => answerHealth(deps) },
};

export const upAppRoute: OpenRoute = {
  kind: 'open',
  path: '/up/:appId',
  methods: { GET: ({ params }, deps) => answerHealth(deps, params.appId ?? '') },
};

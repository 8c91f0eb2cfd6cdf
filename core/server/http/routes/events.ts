// POST /apps/:appId/events: publish one event to one or more channels.
import { parsePublish } from '@sockudo/protocol';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { parseJsonBody } from '../json-body.ts';
import { publishLimits } from '../publish-limits.ts';

/** Name of the header whose value is used when the body has no `idempotency_key`. */
export const IDEMPOTENCY_HEADER = 'x-idempotency-key';

async function publish({ app, request }: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const event = parsePublish(parseJsonBody(request), publishLimits(app));
  return jsonAnswer(await deps.publishEvent(app, event, request.header(IDEMPOTENCY_HEADER)));
}

export const eventsRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/events',
  methods: { POST: publish },
};

// POST /apps/:appId/batch_events: publish several events; nothing is published when one of them is refused (divergence D53).
import { parseBatch } from '@sockudo/protocol';
import { type AppCall, type AppRoute, type HttpAnswer, jsonAnswer } from '../exchange-types.ts';
import type { HttpDeps } from '../http-deps.ts';
import { parseJsonBody } from '../json-body.ts';
import { publishLimits } from '../publish-limits.ts';
import { IDEMPOTENCY_HEADER } from './events.ts';

async function publish({ app, request }: AppCall, deps: HttpDeps): Promise<HttpAnswer> {
  const events = parseBatch(parseJsonBody(request), publishLimits(app));
  return jsonAnswer(await deps.publishBatch(app, events, request.header(IDEMPOTENCY_HEADER)));
}

export const batchEventsRoute: AppRoute = {
  kind: 'app',
  path: '/apps/:appId/batch_events',
  methods: { POST: publish },
};

// What plug-ins are made with: `@sockudo/server/plugins`. A plug-in may use nothing of the server that is not named here.
export type { App } from '../apps/app.ts';
export {
  type AppCall,
  type AppHandler,
  type AppRoute,
  type HttpAnswer,
  jsonAnswer,
  type Route,
} from '../http/exchange-types.ts';
export type { HttpDeps } from '../http/http-deps.ts';
export { parseJsonBody } from '../http/json-body.ts';
export { channelParameter } from '../http/path-parameters.ts';
export { NumberHistogram } from '../metrics/number-histogram.ts';
export type { PluginMetric } from '../metrics/plugin-metrics.ts';
export {
  BlockedAddress,
  createGuardedAgent,
  guardLookup,
  isBlockedLiteral,
  resolveAll,
} from '../net/guarded-agent.ts';
export { isPublicAddress } from '../net/public-address.ts';
export type { Publication } from '../publish/publication.ts';
export { retentionOf } from '../publish/publication.ts';
export type { PushProvider, PushRule, PushSettings } from '../push-settings.ts';
export type { Connection } from '../realtime/connection.ts';
export type { RealtimeContext } from '../realtime/context.ts';
export type { ClientEventHandler, Handler } from '../realtime/dispatch.ts';
export { countEvent } from '../realtime/event-rate.ts';
export { holdWhile } from '../realtime/hold.ts';
export { requireCapability, requireNamespace, requireUserLimit } from '../realtime/permissions.ts';
export { withoutRollup } from '../realtime/rollup/without-rollup.ts';
export type { AiTransportSettings, Settings } from '../settings.ts';
export type { PluginEvent } from '../webhooks/webhook-event.ts';
export type { Plugin, PublishFacts, RollupPolicy, Stages } from './plugin.ts';

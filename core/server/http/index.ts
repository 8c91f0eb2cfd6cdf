// What the rest of the server uses of the HTTP side, by name.

export type { LimitedClient } from './client-address.ts';
export {
  type AppCall,
  type AppHandler,
  type AppRoute,
  type HeaderList,
  type HttpAnswer,
  type HttpRequest,
  jsonAnswer,
  type OpenRoute,
  type Route,
} from './exchange-types.ts';
export { createHttpFront, type HttpFront, type HttpFrontOptions } from './front.ts';
export type { AppDirectory, AppStats, HealthCheck, HttpDeps, ServerStats, StoreStats } from './http-deps.ts';
export { listenOn } from './listen.ts';
export {
  createWebSocketRateLimiter,
  type RateLimiter,
  type RateLimitVerdict,
} from './rate-limit.ts';
export { refuseUpgrade } from './upgrade-refusal.ts';

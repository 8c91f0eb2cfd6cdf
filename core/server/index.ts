export {
  type DevelopmentApp,
  formatProblems,
  type LoadInput,
  type LoadResult,
  loadSettings,
} from './config/index.ts';
export type { HttpAnswer, HttpRequest, OpenHandler, OpenRoute, Route } from './http/exchange-types.ts';
export { type RunningServer, type ServerOptions, startServer } from './server.ts';
export type { Settings } from './settings.ts';

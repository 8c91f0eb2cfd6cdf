export { type RunningServer, startServer } from './server.ts';
export type { Settings } from './settings.ts';

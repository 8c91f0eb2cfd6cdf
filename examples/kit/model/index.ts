export { createModelServer, type ModelServerOptions, STAND_IN_MODEL } from './server.ts';

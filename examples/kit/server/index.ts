export type { HttpAnswer, OpenRoute } from '@sockudo/server';
export { type ServeOptions, serveExample } from './serve-example.ts';

export { type ServeOptions, serveExample } from './serve-example.ts';

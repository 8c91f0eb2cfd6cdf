/** The plug-in of AI Transport: `@sockudo/server` loads it by name when `ai_transport.enabled` is set. */
export { createPlugins } from './plugin.ts';

/** The plug-in of push: `@sockudo/server` loads it by name when a provider of push is enabled. */
export { createPlugins } from './plugin.ts';
/** For `sockudo push keys`. */
export { generateVapidKeys, type VapidKeys } from './providers/web-push/vapid.ts';

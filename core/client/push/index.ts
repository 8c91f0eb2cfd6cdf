/** `@sockudo/client/push`: registering a browser for pushes. Its counterpart in the service worker is `@sockudo/client/push/worker`. */
export type { PushHeaders } from './backend.ts';
export { type PushSupport, pushSupport } from './browser.ts';
export { PushError, type PushErrorCode } from './errors.ts';
export { REFRESH_AFTER_MS } from './keeping.ts';
export {
  createPushRegistration,
  type PushListener,
  type PushPermission,
  PushRegistration,
  type PushRegistrationOptions,
} from './registration.ts';
export { PUSH_STATES, type PushInput, type PushState } from './state.ts';
export { indexedDbStore, type PushRecord, type PushStore } from './store.ts';
export type { WorkerSource } from './worker-registration.ts';

// Whether this browser is told when its user is away: one registration for all its windows, put in order whenever one is opened.
import { createPushRegistration, type PushState, type PushSupport } from '@sockudo/client/push';
import { useSyncExternalStore } from 'react';
import { secret } from './backend.ts';
import { isOwnUser } from './user.ts';

const push = createPushRegistration({
  endpoint: '/backend/push',
  serviceWorker: '/push-worker.js',
  headers: { authorization: `Bearer ${secret}` },
});
// It would take over the registration of the user whose browser this is.
if (isOwnUser) push.open().catch(() => {});

export interface Push {
  readonly state: PushState;
  readonly support: PushSupport;
  readonly toggle: () => void;
}

const subscribe = (listener: () => void): (() => void) => push.onChange(listener);
const stateNow = (): PushState => (isOwnUser ? push.state : 'unsupported');
/** What fails shows in the state. */
const toggle = (): void => void (push.state === 'on' ? push.disable() : push.enable()).catch(() => {});

export const usePush = (): Push => ({
  state: useSyncExternalStore(subscribe, stateNow),
  support: push.support,
  toggle,
});

// A page that registers for pushes, as an application has it.
import { createPushRegistration } from '@sockudo/client/push';
import { answerPushManager } from './push-service.fixture.ts';

answerPushManager();

const push = createPushRegistration({
  endpoint: '/push',
  serviceWorker: '/worker.js',
  metadata: { version: 7 },
  waiting: { random: () => 0, sleep: async () => {} },
});
const states: string[] = [push.state];
push.onChange(({ state }) => states.push(state));
const notices: unknown[] = [];
navigator.serviceWorker?.addEventListener('message', ({ data }) => notices.push(data));
Object.assign(globalThis, { push, states, notices });
const enable = (): void => {
  push.enable().then(
    (permission) => Object.assign(globalThis, { outcome: permission }),
    (error) => Object.assign(globalThis, { outcome: error.code }),
  );
};
document.querySelector('button')?.addEventListener('click', enable);
if (new URLSearchParams(location.search).has('enable')) enable();

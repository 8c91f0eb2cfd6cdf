// Whether to be told of answers while away. Quiet: nobody is asked anything before they press it.
import type { PushState, PushSupport } from '@sockudo/client/push';
import { usePush } from '../state/use-push.ts';
import { Icon } from './icons.tsx';

const UNSUPPORTED: Readonly<Record<PushSupport, string>> = {
  // Another user's page in this browser.
  supported: 'Notifications are for the browser’s own user',
  insecure: 'Notifications need https or localhost',
  home_screen_only: 'Notifications need this page on the home screen',
  missing: 'This browser has no notifications',
};

const HINTS: Readonly<Record<Exclude<PushState, 'unsupported'>, string>> = {
  off: 'Notify me when I’m away',
  asking: 'The browser is asking you',
  working: 'One moment…',
  removing: 'One moment…',
  on: 'You are notified when you’re away',
  failed: 'That did not work. Try again?',
  denied: 'Notifications are blocked: allow them in the settings of the browser',
};

export function Bell() {
  const { state, support, toggle } = usePush();
  const hint = state === 'unsupported' ? UNSUPPORTED[support] : HINTS[state];
  const canToggle = state === 'off' || state === 'on' || state === 'failed' || state === 'denied';
  return (
    <button
      type="button"
      className={`quiet icon bell ${state}`}
      aria-label={state === 'off' || state === 'on' ? HINTS.off : `${HINTS.off}. ${hint}`}
      aria-pressed={state === 'on'}
      title={hint}
      disabled={!canToggle}
      onClick={toggle}
    >
      <Icon name={canToggle && state !== 'denied' ? 'bell' : 'bellOff'} />
    </button>
  );
}

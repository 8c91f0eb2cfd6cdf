/** What a browser can do and is: looked at, never assumed. */
import type { BrowserFacts } from './backend.ts';

/** Why there is no push here, or that there is. */
export type PushSupport =
  | 'supported'
  /** Not https, and not localhost. */
  | 'insecure'
  /** An iPhone or iPad, in a tab: Safari has push only for pages that were put on the home screen. */
  | 'home_screen_only'
  | 'missing';

interface Surroundings {
  readonly isSecureContext?: boolean;
  readonly PushManager?: unknown;
  readonly Notification?: unknown;
  readonly navigator?: {
    readonly serviceWorker?: unknown;
    readonly userAgent?: string;
    readonly maxTouchPoints?: number;
    readonly standalone?: boolean;
    readonly language?: string;
    readonly userActivation?: { readonly isActive: boolean };
  };
}

// CAST: which members exist differs by browser; each is looked at before use.
const here = (): Surroundings => globalThis as unknown as Surroundings;

export function pushSupport(surroundings: Surroundings = here()): PushSupport {
  const { isSecureContext, PushManager, Notification, navigator } = surroundings;
  if (isSecureContext === false) return 'insecure';
  if (navigator?.serviceWorker !== undefined && PushManager !== undefined && Notification !== undefined)
    return 'supported';
  return isApplePhone(navigator) && navigator?.standalone !== true ? 'home_screen_only' : 'missing';
}

/** An iPad says that it is a Mac; no Mac can be touched. */
function isApplePhone(navigator: Surroundings['navigator']): boolean {
  const { userAgent = '', maxTouchPoints = 0 } = navigator ?? {};
  return /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
}

/** True as well where the browser does not tell: it decides itself then. */
export const hasGesture = ({ navigator }: Surroundings = here()): boolean =>
  navigator?.userActivation?.isActive ?? true;

export function describeBrowser({ navigator }: Surroundings = here()): BrowserFacts {
  const { userAgent = '', language } = navigator ?? {};
  const isTablet = /iPad|Tablet/.test(userAgent) || (isApplePhone(navigator) && !/iPhone/.test(userAgent));
  return {
    formFactor: isTablet ? 'tablet' : /Mobi|iPhone/.test(userAgent) ? 'phone' : 'desktop',
    platform: 'browser',
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC',
    locale: language || 'en',
  };
}

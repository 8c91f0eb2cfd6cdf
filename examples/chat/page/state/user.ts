// Who sits here: a secret that this browser made up, and that proves to the backend which user it is. A link with a secret in it opens
// that user; in a browser that has one of its own, in this window only.

const STORAGE_KEY = 'chat-user';
const DEVICE_KEY = 'chat-device';
const LINK = /^#user=([A-Za-z0-9_-]{32,64})$/;

export function userSecret(): string {
  const linked = LINK.exec(location.hash)?.[1];
  const known = localStorage.getItem(STORAGE_KEY);
  if (linked !== undefined) {
    // The secret must not stay in the address bar.
    history.replaceState(null, '', location.pathname);
    if (known === null) localStorage.setItem(STORAGE_KEY, linked);
    else sessionStorage.setItem(STORAGE_KEY, linked);
    return linked;
  }
  const secret = sessionStorage.getItem(STORAGE_KEY) ?? known ?? randomText(24);
  if (known === null) localStorage.setItem(STORAGE_KEY, secret);
  return secret;
}

/** False: this window shows another user than the browser's own. */
export const isOwnUser = userSecret() === localStorage.getItem(STORAGE_KEY);

/** Whoever opens it has all conversations of the user. */
export const linkOf = (secret: string): string => `${location.origin}${location.pathname}#user=${secret}`;

/** This window, for the user's other ones. */
export function thisDevice(): { readonly id: string; readonly name: string } {
  const id = sessionStorage.getItem(DEVICE_KEY) ?? randomText(9);
  sessionStorage.setItem(DEVICE_KEY, id);
  return { id, name: nameOf(navigator.userAgent) };
}

const BROWSERS = ['Edg', 'Firefox', 'Chrome', 'Safari'];
const SYSTEMS = ['iPhone', 'iPad', 'Android', 'Windows', 'Mac', 'Linux'];

function nameOf(userAgent: string): string {
  const browser = BROWSERS.find((name) => userAgent.includes(name)) ?? 'Browser';
  const system = SYSTEMS.find((name) => userAgent.includes(name));
  const shown = browser === 'Edg' ? 'Edge' : browser;
  return system === undefined ? shown : `${shown} on ${system}`;
}

/** `randomUUID` is not there on a phone that opens the page by an address in the local network. */
export function randomText(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

import { afterEach, describe, expect, it, vi } from 'vitest';
import { defaultRuntime } from './runtime.ts';

/** A page, as far as the client looks at it. */
function page() {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
  vi.stubGlobal('document', document);
  return { window, document };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

function watched() {
  const seen: string[] = [];
  const stop = defaultRuntime.watchWake({
    online: () => seen.push('online'),
    offline: () => seen.push('offline'),
    wake: () => seen.push('wake'),
  });
  return { seen, stop };
}

describe('wake notices', () => {
  it('come from the network, from visibility, and from the back-forward cache', () => {
    const { window, document } = page();
    const { seen, stop } = watched();
    window.dispatchEvent(new Event('offline'));
    window.dispatchEvent(new Event('online'));
    document.dispatchEvent(new Event('visibilitychange'));
    expect(seen).toEqual(['offline', 'online']);
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
    expect(seen).toEqual(['offline', 'online', 'wake']);
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    expect(seen).toEqual(['offline', 'online', 'wake', 'wake']);
    stop();
    for (const name of ['online', 'offline', 'pageshow']) window.dispatchEvent(new Event(name));
    document.dispatchEvent(new Event('visibilitychange'));
    expect(seen).toHaveLength(4);
  });

  it('are simply absent where there is no page', () => {
    vi.stubGlobal('addEventListener', undefined);
    const { stop } = watched();
    stop();
  });
});

describe('isOffline', () => {
  it('is what the browser says; where it says nothing there is a network', () => {
    for (const [navigator, expected] of [
      [{ onLine: false }, true],
      [{ onLine: true }, false],
      [{}, false],
      [undefined, false],
    ] as const) {
      vi.stubGlobal('navigator', navigator);
      expect(defaultRuntime.isOffline()).toBe(expected);
    }
  });
});

describe('hide notices', () => {
  it('come when the page is hidden and when it goes away', () => {
    const { window, document } = page();
    let times = 0;
    const stop = defaultRuntime.watchHide(() => {
      times += 1;
    });
    document.dispatchEvent(new Event('visibilitychange'));
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    expect(times).toBe(1);
    window.dispatchEvent(new Event('pagehide'));
    expect(times).toBe(2);
    stop();
    window.dispatchEvent(new Event('pagehide'));
    expect(times).toBe(2);
  });

  it('are simply absent where there is no page', () => {
    vi.stubGlobal('addEventListener', undefined);
    defaultRuntime.watchHide(() => {})();
  });
});

describe('surroundings', () => {
  it('have a storage of the tab, or none where it is forbidden', () => {
    const storage = { getItem: () => 'x', setItem: () => {} };
    vi.stubGlobal('sessionStorage', storage);
    expect(defaultRuntime.sessionStorage).toBe(storage);
    Object.defineProperty(globalThis, 'sessionStorage', {
      configurable: true,
      get() {
        throw new Error('forbidden');
      },
    });
    expect(defaultRuntime.sessionStorage).toBeUndefined();
  });

  it('know https pages', () => {
    expect(defaultRuntime.isSecurePage()).toBe(false);
    vi.stubGlobal('location', { protocol: 'https:' });
    expect(defaultRuntime.isSecurePage()).toBe(true);
  });

  it('look for WebSocket when it is needed', () => {
    vi.stubGlobal('WebSocket', undefined);
    expect(defaultRuntime.WebSocket).toBeUndefined();
  });
});

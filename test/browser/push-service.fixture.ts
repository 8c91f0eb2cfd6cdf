// The browser's side of a push service, where none can be reached: what the browser says to it goes to the test instead. It keeps one
// subscription, as a browser keeps one for each service worker.

interface Given {
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
  readonly key: string;
}

const bytes = (text: string): ArrayBuffer =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  ).buffer;

const textOf = (key: BufferSource): string =>
  // CAST: the client gives bytes.
  btoa(String.fromCharCode(...(key as Uint8Array)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

async function ask(method: string, body?: string): Promise<Given | null> {
  const response = await fetch('/push-service', { method, ...(body !== undefined && { body }) });
  if (!response.ok) throw new DOMException('the push service refused', 'AbortError');
  return response.json();
}

const subscriptionOf = (given: Given): object => ({
  endpoint: given.endpoint,
  options: { userVisibleOnly: true, applicationServerKey: bytes(given.key) },
  getKey: (name: 'p256dh' | 'auth') => bytes(given[name]),
  unsubscribe: async () => (await ask('DELETE')) === null,
});

/** From now on `pushManager` is the test's. */
export function answerPushManager(): void {
  Object.assign(PushManager.prototype, {
    async getSubscription() {
      const given = await ask('GET');
      return given === null ? null : subscriptionOf(given);
    },
    async subscribe({ applicationServerKey }: { applicationServerKey: BufferSource }) {
      const given = await ask('POST', textOf(applicationServerKey));
      return given === null ? null : subscriptionOf(given);
    },
  });
}

/**
 * The application's backend, which signs what a browser asks for: `POST|DELETE /deviceRegistrations`, `/channelSubscriptions`,
 * relative to an endpoint, as Sockudo's own browser SDK asks. Must not know: subscriptions of browsers, storage.
 */
import { PushError } from './errors.ts';
import { type Attempt, realWaiting, retried, type Waiting } from './retries.ts';

/** Headers for the backend, e.g. the session's. A function is called for each request. */
export type PushHeaders =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

export interface BackendOptions {
  /** Absolute. */
  readonly endpoint: string;
  readonly fetch?: typeof fetch | undefined;
  readonly headers?: PushHeaders | undefined;
  readonly waiting?: Waiting | undefined;
}

/** Where a push for this browser goes. */
export interface WebRecipient {
  readonly transportType: 'web';
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
}

/** A browser as the server keeps it. */
export interface DeviceRegistration {
  readonly id: string;
  readonly formFactor: string;
  readonly platform: string;
  readonly timezone: string;
  readonly locale: string;
  readonly metadata?: unknown;
  readonly push: { readonly recipient: WebRecipient };
}

/** What a browser says of itself. */
export type BrowserFacts = Omit<DeviceRegistration, 'id' | 'push' | 'metadata'>;

export interface RegisteredDevice {
  readonly tokenHash: string;
  /** Null: the one that the device has stays. */
  readonly identityToken: string | null;
}

interface Question {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Relative, with its query. */
  readonly path: string;
  readonly token?: string | null;
  readonly body?: object;
}

const TIMEOUT_MS = 20_000;
const UNAUTHORIZED: readonly number[] = [401, 403, 404];

/** Each rejects with a PushError: `unauthorized` (401, 403, 404), `refused`, `unavailable`. */
export class PushBackend {
  readonly #options: BackendOptions;

  constructor(options: BackendOptions) {
    this.#options = options;
  }

  async register(device: DeviceRegistration, token: string | null): Promise<RegisteredDevice> {
    const answer = await this.#ask({ method: 'POST', path: 'deviceRegistrations', token, body: device });
    const { tokenHash, deviceIdentityToken } = answer;
    if (typeof tokenHash !== 'string') throw unknownForm('deviceRegistrations');
    return {
      tokenHash,
      identityToken: typeof deviceIdentityToken === 'string' ? deviceIdentityToken : null,
    };
  }

  /** A device that is gone already is as good as removed. */
  async remove(deviceId: string, token: string | null): Promise<void> {
    try {
      const path = `deviceRegistrations/${encodeURIComponent(deviceId)}`;
      await this.#ask({ method: 'DELETE', path, token });
    } catch (error) {
      if (!(error instanceof PushError) || error.status !== 404) throw error;
    }
  }

  /** All devices of the user who is signed in. */
  async removeAll(token: string | null): Promise<void> {
    await this.#ask({ method: 'DELETE', path: 'deviceRegistrations', token });
  }

  async subscribe(channel: string, deviceId: string, tokenHash: string, token: string): Promise<void> {
    const body = { channel, deviceId, provider: 'webPush', tokenHash };
    await this.#ask({ method: 'POST', path: 'channelSubscriptions', token, body });
  }

  async unsubscribe(channel: string, deviceId: string, token: string): Promise<void> {
    const query = new URLSearchParams({ channel, deviceId });
    await this.#ask({ method: 'DELETE', path: `channelSubscriptions?${query}`, token });
  }

  async vapidPublicKey(): Promise<string> {
    const { vapidPublicKey } = await this.#ask({ method: 'GET', path: 'vapidPublicKey' });
    if (typeof vapidPublicKey !== 'string') throw unknownForm('vapidPublicKey');
    return vapidPublicKey;
  }

  #ask(question: Question): Promise<Readonly<Record<string, unknown>>> {
    return retried(this.#options.waiting ?? realWaiting, () => this.#attempt(question));
  }

  async #attempt({
    method,
    path,
    token = null,
    body,
  }: Question): Promise<Attempt<Readonly<Record<string, unknown>>>> {
    const { endpoint, fetch: ask = (...args) => fetch(...args), headers = {} } = this.#options;
    const own = typeof headers === 'function' ? await headers() : headers;
    try {
      const response = await ask(`${endpoint.replace(/\/+$/, '')}/${path}`, {
        method,
        headers: {
          ...own,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(token !== null && { 'x-sockudo-device-identity-token': token }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return await attemptOf(response, path.split(/[/?]/)[0] ?? path);
    } catch (error) {
      const message = 'The application could not be reached';
      return { kind: 'again', error: new PushError('unavailable', message, { cause: error }) };
    }
  }
}

async function attemptOf(
  response: Response,
  what: string,
): Promise<Attempt<Readonly<Record<string, unknown>>>> {
  const { ok, status } = response;
  if (status === 429 || status >= 500) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const error = new PushError('unavailable', `${what}: the application answered ${status}`, { status });
    return { kind: 'again', error, afterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined };
  }
  if (!ok) {
    const code = UNAUTHORIZED.includes(status) ? 'unauthorized' : 'refused';
    return {
      kind: 'failed',
      error: new PushError(code, `${what}: the application answered ${status}`, { status }),
    };
  }
  const text = await response.text();
  if (text === '') return { kind: 'done', value: {} };
  try {
    const value: unknown = JSON.parse(text);
    // CAST: a non-null value has members by name; each is checked where it is read.
    if (typeof value === 'object' && value !== null)
      return { kind: 'done', value: value as Readonly<Record<string, unknown>> };
  } catch {
    // Told below, as any other answer that is no object.
  }
  return { kind: 'failed', error: unknownForm(what) };
}

const unknownForm = (what: string): PushError =>
  new PushError('refused', `${what}: the application's answer has an unknown form`);

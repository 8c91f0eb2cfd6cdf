/**
 * A browser's registration for pushes: asks the user, installs the service worker, subscribes, registers through the application's
 * backend, and keeps all of it in order. The table of its states is in state.ts.
 */
import { PushBackend, type PushHeaders } from './backend.ts';
import { describeBrowser, hasGesture, type PushSupport, pushSupport } from './browser.ts';
import { PushError, pushErrorOf } from './errors.ts';
import { alone, type Keeping, keepRegistered, MOST_CHANNELS } from './keeping.ts';
import { realWaiting, type Waiting } from './retries.ts';
import { nextPushState, type PushInput, type PushState } from './state.ts';
import { indexedDbStore, type PushRecord, type PushStore } from './store.ts';
import { activeWorker, type WorkerSource } from './worker-registration.ts';

export type PushPermission = 'unsupported' | NotificationPermission;

export interface PushRegistrationOptions {
  /** Of the application's backend, e.g. `/push`. */
  readonly endpoint: string;
  /** Script that calls `handlePush` of `@sockudo/client/push/worker`. */
  readonly serviceWorker: WorkerSource;
  /** Base64url; absent: asked for at `endpoint/vapidPublicKey`. A new key moves browsers over the next time they are opened. */
  readonly vapidPublicKey?: string;
  /** Default: IndexedDB, where the service worker finds it. */
  readonly storage?: PushStore;
  readonly fetch?: typeof fetch;
  readonly headers?: PushHeaders;
  /** Kept by the server with the device, at most 4,096 bytes of JSON. */
  readonly metadata?: unknown;
  /** For tests: pauses between attempts. */
  readonly waiting?: Waiting;
}

export type PushListener = (registration: PushRegistration) => void;

/** Does nothing until it is asked to. */
export function createPushRegistration(options: PushRegistrationOptions): PushRegistration {
  return new PushRegistration(options);
}

export class PushRegistration {
  readonly #options: PushRegistrationOptions;
  readonly #store: PushStore;
  readonly #backend: PushBackend;
  readonly #listeners = new Set<PushListener>();
  /** Why there is push here or not. */
  readonly support: PushSupport = pushSupport();
  #state: PushState = this.support === 'supported' ? 'off' : 'unsupported';
  #error: PushError | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: PushRegistrationOptions) {
    this.#options = options;
    this.#store = options.storage ?? indexedDbStore();
    const { fetch, headers, waiting } = options;
    this.#backend = new PushBackend({ endpoint: this.#endpoint(), fetch, headers, waiting });
  }

  get state(): PushState {
    return this.#state;
  }

  /** What the user said: `default` means that they have not been asked, or closed the question. */
  get permission(): PushPermission {
    return this.support === 'supported' ? Notification.permission : 'unsupported';
  }

  /** Why the last attempt failed; null while none has. */
  get error(): PushError | null {
    return this.#error;
  }

  /** Calls the listener after each change of `state`. The answer stops it. */
  onChange(listener: PushListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Asks for permission if need be, subscribes and registers. Call it from a click. Answers with the permission; only `granted` means
   * that pushes arrive.
   * @throws PushError `needs_gesture` and what registering fails with
   */
  async enable(): Promise<PushPermission> {
    if (this.support !== 'supported') return 'unsupported';
    if (Notification.permission === 'default' && !hasGesture()) {
      throw new PushError(
        'needs_gesture',
        'Ask for permission from a click: enable() was called without one',
      );
    }
    // At once: browsers forget the click at the first pause.
    const asked = Notification.requestPermission();
    this.#go('enable');
    const permission = await asked;
    return this.#inTurn(async () => {
      this.#go('enable');
      if (permission !== 'granted') {
        this.#go(permission === 'denied' ? 'refused' : 'dismissed');
        return permission;
      }
      this.#go('granted');
      await this.#keep((await this.#store.read()) ?? this.#newRecord());
      return permission;
    });
  }

  /**
   * To be called whenever the application starts: puts in order what changed meanwhile, never asks the user anything, and does
   * nothing where pushes were not enabled.
   * @throws PushError
   */
  open(): Promise<PushState> {
    return this.#inTurn(async () => {
      const record = this.support === 'supported' ? await this.#store.read() : null;
      if (this.permission === 'denied') this.#go('refused');
      if (record === null) return this.#state;
      if (this.permission === 'granted') {
        this.#go('check');
        await this.#keep(record);
      } else if (this.permission === 'default') this.#go('dismissed');
      return this.#state;
    });
  }

  /**
   * No more pushes here; with `everywhere` on no device of the user. What the browser can do alone is done even where the backend
   * cannot be reached: its push service then tells the server.
   * @throws PushError where `everywhere` failed, with nothing changed
   */
  disable({ everywhere = false }: { readonly everywhere?: boolean } = {}): Promise<void> {
    return this.#inTurn(async () => {
      const record = this.support === 'supported' ? await this.#store.read() : null;
      if (record === null && !everywhere) return;
      this.#go('disable');
      await this.#attempt(async () => {
        if (everywhere) await this.#backend.removeAll(record?.identityToken ?? null);
        else if (record !== null) await this.#removeAtBackend(record);
        const registration = await navigator.serviceWorker.getRegistration(this.#scope());
        await (await registration?.pushManager.getSubscription())?.unsubscribe();
        await this.#store.clear();
      });
      this.#go('removed');
    });
  }

  /** Pushes of a channel come to this device from now on. @throws PushError `not_registered`, `unauthorized` where it is not allowed */
  subscribe(channel: string): Promise<void> {
    return this.#inTurn(async () => {
      const record = await this.#registered();
      if (record.channels.includes(channel)) return;
      if (record.channels.length >= MOST_CHANNELS) {
        throw new PushError('too_many_channels', `A device has at most ${MOST_CHANNELS} channels`);
      }
      const subscribed = await this.#subscribeOrAnew(record, channel);
      await this.#store.write({ ...subscribed, channels: [...subscribed.channels, channel] });
    });
  }

  /** @throws PushError `not_registered` */
  unsubscribe(channel: string): Promise<void> {
    return this.#inTurn(async () => {
      const record = await this.#registered();
      await this.#backend.unsubscribe(channel, record.deviceId, record.identityToken ?? '');
      const channels = record.channels.filter((name) => name !== channel);
      await this.#store.write({ ...record, channels });
    });
  }

  /** Channels whose pushes come here, in the order of subscribing. */
  async channels(): Promise<readonly string[]> {
    return (await this.#store.read())?.channels ?? [];
  }

  /** A device that the server has lost is registered anew, once. */
  async #subscribeOrAnew(record: PushRecord, channel: string): Promise<PushRecord> {
    const ask = ({ deviceId, tokenHash, identityToken }: PushRecord): Promise<void> =>
      this.#backend.subscribe(channel, deviceId, tokenHash ?? '', identityToken ?? '');
    try {
      await ask(record);
      return record;
    } catch (error) {
      if (!(error instanceof PushError) || (error.status !== 401 && error.status !== 404)) throw error;
    }
    const registration = await activeWorker(this.#options.serviceWorker);
    const anew = await keepRegistered(this.#keeping(registration), record, { isForced: true });
    await ask(anew);
    return anew;
  }

  async #registered(): Promise<PushRecord> {
    const record = this.support === 'supported' ? await this.#store.read() : null;
    if (record === null || record.identityToken === null || record.tokenHash === null) {
      throw new PushError('not_registered', 'The device is not registered: call enable() first');
    }
    return record;
  }

  async #keep(record: PushRecord): Promise<void> {
    await this.#attempt(async () => {
      const registration = await activeWorker(this.#options.serviceWorker);
      const vapidPublicKey = this.#options.vapidPublicKey ?? (await this.#backend.vapidPublicKey());
      const { metadata } = this.#options;
      const wanted = { ...record, vapidPublicKey, endpoint: this.#endpoint(), metadata };
      await keepRegistered(this.#keeping(registration), wanted);
    });
    this.#go('done');
  }

  #keeping({ pushManager }: ServiceWorkerRegistration): Keeping {
    const { waiting = realWaiting } = this.#options;
    return {
      backend: this.#backend,
      store: this.#store,
      manager: pushManager,
      waiting,
      describe: describeBrowser,
      now: () => Date.now(),
      newId: () => crypto.randomUUID(),
    };
  }

  async #removeAtBackend({ deviceId, identityToken }: PushRecord): Promise<void> {
    try {
      await this.#backend.remove(deviceId, identityToken);
    } catch {
      // The browser gives the address up all the same: the next push to it is answered "gone", and the server removes the device.
    }
  }

  #newRecord(): PushRecord {
    return {
      deviceId: crypto.randomUUID(),
      identityToken: null,
      tokenHash: null,
      fingerprint: null,
      registeredAtMs: 0,
      vapidPublicKey: '',
      endpoint: this.#endpoint(),
      channels: [],
    };
  }

  #endpoint(): string {
    return new URL(this.#options.endpoint, globalThis.location?.href).href;
  }

  #scope(): string {
    const { serviceWorker } = this.#options;
    if (typeof serviceWorker === 'string') return new URL('.', new URL(serviceWorker, location.href)).href;
    if ('pushManager' in serviceWorker) return serviceWorker.scope;
    const { url, scope = new URL('.', new URL(url, location.href)).href } = serviceWorker;
    return scope;
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
      this.#error = null;
    } catch (error) {
      this.#error = pushErrorOf(error, 'subscribe_failed', 'Registering for pushes failed');
      this.#go('failed');
      throw this.#error;
    }
  }

  /** One thing at a time, here and in other tabs and the worker. */
  #inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const turn = this.#turn.then(() => alone(act));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #go(input: PushInput): void {
    const before = this.#state;
    this.#state = nextPushState(before, input);
    if (this.#state === before) return;
    for (const listener of this.#listeners) {
      try {
        listener(this);
      } catch (error) {
        // The application's mistake shows, and stops nothing here.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

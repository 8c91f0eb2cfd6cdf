/**
 * Makes the browser's subscription and what the backend knows of it the same, and keeps them so. Pages and the service worker do it
 * in the same way, never two at a time.
 */
import type { BrowserFacts, PushBackend, WebRecipient } from './backend.ts';
import { base64Url, bytesOf, sha256 } from './encoding.ts';
import { PushError } from './errors.ts';
import { type Attempt, retried, type Waiting } from './retries.ts';
import type { PushRecord, PushStore } from './store.ts';

export interface Keeping {
  readonly backend: PushBackend;
  readonly store: PushStore;
  readonly manager: PushManager;
  readonly waiting: Waiting;
  /** What the server keeps of a browser besides its address. */
  readonly describe: () => BrowserFacts;
  readonly now: () => number;
  readonly newId: () => string;
}

/** After this time an unchanged registration is told again: the server sees that it is in use, and one that it lost comes back. */
export const REFRESH_AFTER_MS = 24 * 60 * 60 * 1000;
/** Most channels of one device. */
export const MOST_CHANNELS = 100;
const LOCK = 'sockudo-push';

/** Alone on this origin, where the browser has locks. */
export function alone<Value>(act: () => Promise<Value>): Promise<Value> {
  const { locks } = navigator as { readonly locks?: LockManager };
  return locks === undefined ? act() : locks.request(LOCK, act);
}

/**
 * The record as it stands after everything is as it should be: subscribed with the record's key, registered, on its channels.
 * @throws PushError
 */
export async function keepRegistered(
  keeping: Keeping,
  record: PushRecord,
  { isForced = false }: { readonly isForced?: boolean } = {},
): Promise<PushRecord> {
  const recipient = recipientOf(await subscriptionWith(keeping, record.vapidPublicKey));
  const fingerprint = await sha256([recipient.endpoint, recipient.p256dh, recipient.auth].join(' '));
  const isKnown = record.fingerprint === fingerprint && record.identityToken !== null;
  const isFresh = keeping.now() - record.registeredAtMs < REFRESH_AFTER_MS;
  if (isKnown && isFresh && !isForced) return record;
  const registered = await registerOrAnew(keeping, record, recipient);
  const channels = await subscribeAll(keeping, registered);
  const kept = { ...registered, channels, fingerprint, registeredAtMs: keeping.now() };
  await keeping.store.write(kept);
  return kept;
}

/** A device that the backend does not take as this one any more becomes another one: it may have been removed, or lost its token. */
async function registerOrAnew(
  keeping: Keeping,
  record: PushRecord,
  recipient: WebRecipient,
): Promise<PushRecord> {
  // Kept before it is told: should the answer be lost, the next attempt is of the same device.
  await keeping.store.write(record);
  try {
    return await register(keeping, record, recipient);
  } catch (error) {
    if (!(error instanceof PushError) || error.code !== 'unauthorized') throw error;
  }
  const fresh = { ...record, deviceId: keeping.newId(), identityToken: null, fingerprint: null };
  await keeping.store.write(fresh);
  try {
    return await register(keeping, fresh, recipient);
  } catch (error) {
    // Nobody is signed in: with the next user the device is the one that it was.
    if (error instanceof PushError && error.code === 'unauthorized') await keeping.store.write(record);
    throw error;
  }
}

async function register(
  { backend, describe }: Keeping,
  record: PushRecord,
  recipient: WebRecipient,
): Promise<PushRecord> {
  const { deviceId: id, metadata } = record;
  const device = { ...describe(), id, ...(metadata !== undefined && { metadata }), push: { recipient } };
  const { tokenHash, identityToken } = await backend.register(device, record.identityToken);
  const token = identityToken ?? record.identityToken;
  if (token === null)
    throw new PushError('unauthorized', 'The application gave the device no identity token');
  return { ...record, tokenHash, identityToken: token };
}

/** The channels that are left: what the backend does not allow any more is forgotten. */
async function subscribeAll(
  { backend }: Keeping,
  { channels, deviceId, tokenHash, identityToken }: PushRecord,
): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const channel of channels) {
    try {
      await backend.subscribe(channel, deviceId, tokenHash ?? '', identityToken ?? '');
      kept.push(channel);
    } catch (error) {
      if (!(error instanceof PushError) || error.code === 'unavailable') throw error;
    }
  }
  return kept;
}

/** The browser's subscription under this key; one under another key is given up. */
async function subscriptionWith({ manager, waiting }: Keeping, key: string): Promise<PushSubscription> {
  const applicationServerKey = bytesOf(key);
  if (applicationServerKey?.length !== 65) {
    throw new PushError('bad_key', 'The VAPID public key must be base64url of 65 bytes');
  }
  const known = await manager.getSubscription();
  if (known !== null) {
    // Browsers that do not tell the key are asked to subscribe with ours: they give the same one, or refuse.
    const knownKey = known.options.applicationServerKey;
    if (knownKey !== null && base64Url(knownKey) === key.replace(/=+$/, '')) return known;
    if (knownKey !== null) await known.unsubscribe();
  }
  return retried(waiting, () => trySubscribing(manager, applicationServerKey));
}

async function trySubscribing(
  manager: PushManager,
  applicationServerKey: Uint8Array<ArrayBuffer>,
): Promise<Attempt<PushSubscription>> {
  try {
    const value = await manager.subscribe({ userVisibleOnly: true, applicationServerKey });
    return { kind: 'done', value };
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : '';
    const error = new PushError('subscribe_failed', `The browser gave no subscription: ${name}`, { cause });
    // A subscription under another key stands in the way.
    if (name === 'InvalidStateError') await (await manager.getSubscription())?.unsubscribe();
    const isFinal = name === 'NotAllowedError' || name === 'InvalidAccessError';
    return { kind: isFinal ? 'failed' : 'again', error };
  }
}

function recipientOf(subscription: PushSubscription): WebRecipient {
  return {
    transportType: 'web',
    endpoint: subscription.endpoint,
    p256dh: base64Url(subscription.getKey('p256dh')),
    auth: base64Url(subscription.getKey('auth')),
  };
}

// VAPID (RFC 8292): who it is that pushes. A signature costs as much as an encryption, so one is used for all pushes to a push
// service until it is about to run out.
import webPush from 'web-push';

export interface VapidKeys {
  /** Base64url: the uncompressed point. */
  readonly publicKey: string;
  /** Base64url: the scalar. */
  readonly privateKey: string;
}

export interface VapidIdentity extends VapidKeys {
  /** `mailto:` or https: where a push service turns to with a complaint. */
  readonly contact: string;
}

/** The specification allows 24 hours. */
const LIFETIME_MS = 12 * 60 * 60 * 1000;
const SPARE_MS = 60 * 60 * 1000;
/** Pairs of identity and push service; of more the oldest is forgotten. */
const MAX_KEPT = 1_000;

export function generateVapidKeys(): VapidKeys {
  const { publicKey, privateKey } = webPush.generateVAPIDKeys();
  return { publicKey, privateKey };
}

export class VapidHeaders {
  readonly #kept = new Map<string, { readonly value: string; readonly freshUntilMs: number }>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Value of `Authorization` for an origin. @throws when the keys or the contact are none */
  for(audience: string, { contact, publicKey, privateKey }: VapidIdentity): string {
    const key = `${audience} ${publicKey} ${contact}`;
    const nowMs = this.#now();
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.freshUntilMs > nowMs) return kept.value;
    const untilMs = nowMs + LIFETIME_MS;
    const value = webPush.getVapidHeaders(
      audience,
      contact,
      publicKey,
      privateKey,
      'aes128gcm',
      Math.floor(untilMs / 1000),
    ).Authorization;
    this.#kept.delete(key);
    this.#kept.set(key, { value, freshUntilMs: untilMs - SPARE_MS });
    this.#forgetOldest();
    return value;
  }

  #forgetOldest(): void {
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) return;
      this.#kept.delete(oldest);
    }
  }
}

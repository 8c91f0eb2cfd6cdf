// Web Push (RFC 8030): encrypts for the browser, signs for the push service, asks it to deliver.
import { createHash } from 'node:crypto';
import type { CredentialMaterial, Delivery, JsonObject, Provider, SendResult } from '../../contracts.ts';
import { type Answer, type Exchange, noAnswerResult } from '../exchange.ts';
import { accepted, commonResult, gone, rejected, statusReason } from '../results.ts';
import { encrypt, InvalidKeys } from './encryption.ts';
import { messageOf } from './message.ts';
import { VapidHeaders, type VapidIdentity } from './vapid.ts';

/** Four weeks, which push services allow at most. */
const LONGEST_TTL_SECONDS = 2_419_200;
const URGENCIES: ReadonlySet<unknown> = new Set(['very-low', 'low', 'normal', 'high']);
/** RFC 8030 section 5.4. */
const TOPIC = /^[A-Za-z0-9_-]{1,32}$/;

export class WebPushProvider implements Provider {
  readonly name = 'webPush';
  readonly #exchange: Exchange;
  readonly #vapid: VapidHeaders;

  constructor(exchange: Exchange, now: () => number = Date.now) {
    this.#exchange = exchange;
    this.#vapid = new VapidHeaders(now);
  }

  async send(delivery: Delivery, signal: AbortSignal): Promise<SendResult> {
    const { recipient, credential, payload } = delivery;
    if (recipient.transportType !== 'web') return rejected('caller_payload', 'no Web Push recipient');
    const identity = identityOf(credential?.material);
    if (identity === null) return rejected('credential_auth', 'no VAPID keys');
    const message = messageOf(payload);
    if (message === null) return { kind: 'too-large' };
    const url = URL.parse(recipient.endpoint);
    if (url === null) return rejected('unknown', 'address not allowed');
    const headers = { ...requestHeaders(delivery), authorization: '' };
    try {
      headers.authorization = this.#vapid.for(audienceOf(payload, url), identity);
    } catch {
      return rejected('credential_auth', 'invalid VAPID keys or contact');
    }
    try {
      const body = encrypt(message, recipient);
      return resultOf(await this.#exchange.post({ url: recipient.endpoint, headers, body }, signal));
    } catch (error) {
      if (error instanceof InvalidKeys) return rejected('caller_payload', 'invalid subscription keys');
      return noAnswerResult(error);
    }
  }
}

function resultOf(answer: Answer): SendResult {
  const { status } = answer;
  if (status >= 200 && status <= 202) return accepted(answer.header('location'));
  if (status === 404 || status === 410) return gone(statusReason(answer));
  return commonResult(answer) ?? rejected('unknown', statusReason(answer));
}

function requestHeaders(delivery: Delivery): Record<string, string> {
  const { urgency } = headersOf(delivery.payload);
  return {
    ttl: String(ttlOf(delivery)),
    urgency: URGENCIES.has(urgency) ? String(urgency) : 'normal',
    topic: topicOf(delivery),
    'content-encoding': 'aes128gcm',
    'content-type': 'application/octet-stream',
  };
}

/** What the payload says, but no longer than the publish lives. */
function ttlOf({ payload, ttlSeconds = LONGEST_TTL_SECONDS }: Delivery): number {
  const { ttl } = headersOf(payload);
  const own = typeof ttl === 'number' || typeof ttl === 'string' ? Number(ttl) : Number.NaN;
  const wanted = Number.isFinite(own) && own >= 0 ? own : LONGEST_TTL_SECONDS;
  return Math.floor(Math.min(wanted, ttlSeconds, LONGEST_TTL_SECONDS));
}

/**
 * By it a push service replaces what it has not delivered yet. Without a collapse key the publish itself is one: should a crash have
 * it sent twice, the browser still gets it once.
 */
function topicOf({ payload, collapseKey, publishId }: Delivery): string {
  const { topic } = headersOf(payload);
  const key = typeof topic === 'string' && topic !== '' ? topic : collapseKey;
  if (key !== undefined && TOPIC.test(key)) return key;
  const named = key === undefined ? `publish ${publishId}` : `key ${key}`;
  return createHash('sha256').update(named).digest('base64url').slice(0, 32);
}

/** The origin, with a port that is not the scheme's own (RFC 8292 section 2). */
function audienceOf(payload: JsonObject, url: URL): string {
  const { vapidAudience } = headersOf(payload);
  const chosen = typeof vapidAudience === 'string' ? URL.parse(vapidAudience) : null;
  return (chosen ?? url).origin;
}

function headersOf({ headers }: JsonObject): JsonObject {
  // CAST: a non-null object has members by name; each is checked where it is read.
  return typeof headers === 'object' && headers !== null ? (headers as JsonObject) : {};
}

function identityOf(material: CredentialMaterial | undefined): VapidIdentity | null {
  return material?.provider === 'webPush' ? material : null;
}

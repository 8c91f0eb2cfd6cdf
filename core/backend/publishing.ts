// The requests that publish: bodies of `/events` and `/batch_events`, and the idempotency keys that make repeating them
// safe. Bodies are built once for a call, so that every attempt sends the same bytes; what the caller handed in is not touched.
import { randomBytes, randomUUID } from 'node:crypto';
import { encryptData, isEncryptedChannel } from './encryption.ts';
import { assertChannel, assertEventName, assertSocketId, MAX_CHANNELS_PER_EVENT } from './names.ts';

/** Optional members of a published event; others are passed on as they are. */
export interface TriggerParams {
  /** This connection does not get the event. */
  readonly socket_id?: string | undefined;
  /** Comma-separated: `user_count`, `subscription_count`. */
  readonly info?: string | undefined;
  /** Own key, or true for a random one. The same key is sent on every attempt of the call. */
  readonly idempotency_key?: string | true | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** false: never sent as a delta. */
  readonly delta?: boolean | undefined;
  readonly message_id?: string | undefined;
  readonly extras?: Readonly<Record<string, unknown>> | undefined;
  readonly [member: string]: unknown;
}

/** An event without its target. */
export interface EventContent extends TriggerParams {
  readonly name: string;
  /** A string is sent as it is, anything else as its JSON text. */
  readonly data: unknown;
}

/** One event of `triggerBatch`. */
export interface BatchEvent extends EventContent {
  readonly channel: string;
}

/** What publishing needs to know of the instance. */
export interface PublishContext {
  readonly masterKey: Buffer | null;
  readonly autoIdempotencyKey: boolean;
  readonly keys: KeySource;
}

/** Idempotency keys, unique to one instance of the SDK. */
export interface KeySource {
  next(): string;
}

/** A publish ready to be sent, any number of times. */
export interface PreparedEvent {
  readonly body: string;
  /** Undefined where the caller turned automatic keys off and gave none. */
  readonly idempotencyKey: string | undefined;
}

/** A batch ready to be sent; keys by item. */
export interface PreparedBatch {
  readonly body: string;
  readonly idempotencyKeys: readonly (string | undefined)[];
}

/** Keys of the form `INSTANCE:N`: 12 random bytes in base64url, and a counter from 0. */
export function createKeySource(): KeySource {
  const instance = randomBytes(12).toString('base64url');
  let count = 0;
  return {
    next: () => {
      const key = `${instance}:${count}`;
      count += 1;
      return key;
    },
  };
}

/** Checks and encodes one event for one or more channels. Throws before anything is sent. */
export function prepareEvent(
  context: PublishContext,
  channels: readonly string[],
  event: EventContent,
): PreparedEvent {
  assertEventName(event.name);
  assertSocketIdParam(event);
  if (channels.length === 0) throw new TypeError('At least one channel is needed');
  if (channels.length > MAX_CHANNELS_PER_EVENT) {
    throw new TypeError(`An event can go to ${MAX_CHANNELS_PER_EVENT} channels at most`);
  }
  for (const channel of channels) assertChannel(channel);
  if (channels.length > 1 && channels.some(isEncryptedChannel)) {
    // Each encrypted channel has a key of its own, so one ciphertext can't serve two.
    throw new TypeError('An event for an encrypted channel can go to that channel alone');
  }
  const data = encodeData(context, channels[0] ?? '', event.data);
  const automatic = context.autoIdempotencyKey ? context.keys.next : null;
  const idempotencyKey = keyOf(event.idempotency_key, automatic);
  const body = JSON.stringify({ ...event, data, channels, idempotency_key: idempotencyKey });
  return { body, idempotencyKey };
}

/** Checks and encodes a batch. Items without a key of their own get `INSTANCE:N:INDEX`. */
export function prepareBatch(context: PublishContext, batch: readonly BatchEvent[]): PreparedBatch {
  if (!Array.isArray(batch)) throw new TypeError('A batch must be an array of events');
  const callKey = context.autoIdempotencyKey ? context.keys.next() : null;
  const events = batch.map((event, index) => {
    assertEventName(event.name);
    assertChannel(event.channel);
    assertSocketIdParam(event);
    const automatic = callKey === null ? null : () => `${callKey}:${index}`;
    return {
      ...event,
      data: encodeData(context, event.channel, event.data),
      idempotency_key: keyOf(event.idempotency_key, automatic),
    };
  });
  return {
    body: JSON.stringify({ batch: events }),
    idempotencyKeys: events.map((event) => event.idempotency_key),
  };
}

function keyOf(given: string | true | undefined, automatic: (() => string) | null): string | undefined {
  if (given === true) return randomUUID();
  if (given === undefined) return automatic?.();
  if (typeof given !== 'string' || given === '')
    throw new TypeError('idempotency_key must be a non-empty string');
  return given;
}

function assertSocketIdParam(params: TriggerParams): void {
  if (params.socket_id !== undefined && params.socket_id !== null) assertSocketId(params.socket_id);
}

function encodeData(context: PublishContext, channel: string, data: unknown): string {
  if (isEncryptedChannel(channel)) return encryptData(channel, data, context.masterKey);
  return typeof data === 'string' ? data : (JSON.stringify(data) ?? 'null');
}

// What a caller wants to have published, read and checked (push.md sections 3.6 and 3.7, divergences D69 and D71).
import { z } from 'zod';
import {
  type JsonObject,
  PROVIDER_NAMES,
  type PublishTarget,
  type Recipient,
  recipientSchema,
} from '../contracts.ts';
import {
  invalid,
  MAX_CHANNEL_BYTES,
  parseInput,
  requireBytes,
  requireId,
  requireJsonBytes,
} from '../refusal.ts';
import type { Override } from '../templates/template.ts';
import { checkOverride, overrideInput } from './overrides.ts';

const MAX_TARGETS = 1024;
const MAX_TARGETS_BYTES = 6 * 1024 * 1024;
const MAX_TITLE_BYTES = 256;
const MAX_BODY_BYTES = 4096;
const MAX_ICON_BYTES = 2048;
const MAX_DATA_BYTES = 8192;
/** How far ahead a publish may be scheduled. */
const MAX_DELAY_MS = 366 * 24 * 60 * 60 * 1000;

/** Longest `away.afterMs` and `othersAfterMs`. */
const MAX_PAUSE_MS = 10 * 60 * 1000;
const OTHERS_AFTER_MS = 30_000;

const text = z.string().nullish();

const payloadInput = z.object({
  templateId: text,
  templateData: z.record(z.string(), z.unknown()).nullish(),
  title: text,
  body: text,
  icon: text,
  sound: text,
  collapseKey: text,
});

const UNDELIVERABLE = ['registeredTopic', 'userTopic', 'providerTopic', 'providerCondition', 'indexedFilter'];

const targetInput = z.object({
  type: z.enum(['device', 'client', 'channel', 'recipient', ...UNDELIVERABLE]),
  device_id: text,
  deviceId: text,
  client_id: text,
  clientId: text,
  channel: text,
  recipient: recipientSchema.nullish(),
});

const pause = z.int().min(0).max(MAX_PAUSE_MS).nullish();

const time = z.int().nonnegative().nullish();

const input = z.object({
  publishId: text,
  recipients: z.array(targetInput),
  payload: payloadInput,
  providerOverrides: z.array(overrideInput).max(PROVIDER_NAMES.length).nullish(),
  sync: z.boolean().nullish(),
  notBeforeMs: time,
  expiresAtMs: time,
  away: z.object({ after_ms: pause, afterMs: pause }).nullish(),
  devices: z.enum(['all', 'last-used-first']).nullish(),
  others_after_ms: pause,
  othersAfterMs: pause,
});

/** Texts as given, with placeholders. Absent: not given. */
export interface Payload {
  readonly templateId?: string;
  readonly templateData?: JsonObject;
  readonly title?: string;
  readonly body?: string;
  readonly icon?: string;
  readonly sound?: string;
  readonly collapseKey?: string;
}

export interface Intent {
  /** Null: none was given, and none is remembered. */
  readonly publishId: string | null;
  readonly targets: readonly PublishTarget[];
  readonly payload: Payload;
  readonly overrides: readonly Override[];
  /** The caller hoped for the outcome in the answer. */
  readonly sync: boolean;
  /** With the time that `away` waits. */
  readonly notBeforeMs?: number;
  readonly expiresAtMs?: number;
  readonly away?: { readonly afterMs: number };
  readonly lastUsedFirst?: { readonly othersAfterMs: number };
}

/** @throws ProtocolError 400, the first rule that fails */
export function parseIntent(
  body: unknown,
  checkRecipient: (recipient: Recipient) => void,
  nowMs: number = Date.now(),
): Intent {
  const given = parseInput(input, body);
  const { publishId, recipients, notBeforeMs, expiresAtMs } = given;
  if (publishId != null) requireId('publishId', publishId);
  if (recipients.length === 0) throw invalid('targets is invalid: must contain at least one target');
  if (recipients.length > MAX_TARGETS) {
    throw invalid(`targets is invalid: must contain at most ${MAX_TARGETS} targets`);
  }
  const targets = recipients.map((recipient) => targetOf(recipient, checkRecipient));
  // Together they are one batch of the store.
  requireJsonBytes('recipients', targets, MAX_TARGETS_BYTES);
  const payload = checkedPayload(given.payload);
  const overrides = given.providerOverrides ?? [];
  for (const override of overrides) checkOverride(override);
  if (notBeforeMs != null && notBeforeMs > nowMs + MAX_DELAY_MS) {
    throw invalid('notBeforeMs is invalid: must be at most 366 days ahead');
  }
  return {
    publishId: publishId ?? null,
    targets,
    payload,
    overrides,
    sync: given.sync ?? false,
    ...timesOf(given, nowMs),
    ...(expiresAtMs != null && { expiresAtMs }),
    ...orderOf(given, targets),
  };
}

/** Whoever is away is so after the publish, or after the time that it waits for itself. */
function timesOf(
  { notBeforeMs, away }: z.output<typeof input>,
  nowMs: number,
): Pick<Intent, 'notBeforeMs' | 'away'> {
  const afterMs = away == null ? 0 : (away.after_ms ?? away.afterMs ?? 0);
  const dueMs = afterMs === 0 ? notBeforeMs : Math.max(nowMs, notBeforeMs ?? 0) + afterMs;
  return { ...(dueMs != null && { notBeforeMs: dueMs }), ...(away != null && { away: { afterMs } }) };
}

function orderOf(
  { devices, others_after_ms, othersAfterMs }: z.output<typeof input>,
  targets: readonly PublishTarget[],
): Pick<Intent, 'lastUsedFirst'> {
  if (devices !== 'last-used-first') {
    if ((others_after_ms ?? othersAfterMs) == null) return {};
    throw invalid('othersAfterMs is invalid: needs devices to be last-used-first');
  }
  if (targets.some(({ type }) => type !== 'client'))
    throw invalid('devices is invalid: last-used-first is for recipients of type client');
  return { lastUsedFirst: { othersAfterMs: others_after_ms ?? othersAfterMs ?? OTHERS_AFTER_MS } };
}

/** The payload of a publish that an event asks for. @throws ProtocolError 400 */
export function parsePayload(value: unknown): Payload {
  return checkedPayload(parseInput(payloadInput, value));
}

function checkedPayload(given: z.output<typeof payloadInput>): Payload {
  // CAST: members that are null or undefined are left out, and only those.
  const payload = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null && value !== undefined),
  ) as Payload;
  const { templateId, templateData, title, body, icon, sound, collapseKey } = payload;
  if (templateId !== undefined) requireId('templateId', templateId);
  if (title !== undefined) requireBytes('title', title, MAX_TITLE_BYTES);
  if (body !== undefined) requireBytes('body', body, MAX_BODY_BYTES);
  if (icon !== undefined) checkIcon(icon);
  if (sound !== undefined) requireBytes('sound', sound, MAX_TITLE_BYTES);
  if (collapseKey !== undefined) requireBytes('collapseKey', collapseKey, MAX_TITLE_BYTES);
  requireJsonBytes('templateData', templateData, MAX_DATA_BYTES);
  return payload;
}

/** Also of what placeholders made. @throws ProtocolError 400 */
export function checkIcon(icon: string): void {
  requireBytes('icon', icon, MAX_ICON_BYTES);
  const url = URL.parse(icon);
  if (url?.protocol !== 'https:') throw invalid('icon is invalid: must use https');
}

function targetOf(
  given: z.output<typeof targetInput>,
  checkRecipient: (recipient: Recipient) => void,
): PublishTarget {
  switch (given.type) {
    case 'device': {
      const deviceId = given.device_id ?? given.deviceId ?? '';
      requireId('device_id', deviceId);
      return { type: 'device', deviceId };
    }
    case 'client': {
      const clientId = given.client_id ?? given.clientId ?? '';
      requireId('client_id', clientId);
      return { type: 'client', clientId };
    }
    case 'channel': {
      const channel = given.channel ?? '';
      requireId('channel', channel, MAX_CHANNEL_BYTES);
      return { type: 'channel', channel };
    }
    case 'recipient': {
      if (given.recipient == null) throw invalid('recipient is invalid: must be an object');
      checkRecipient(given.recipient);
      return { type: 'recipient', recipient: given.recipient };
    }
    default:
      throw invalid(`recipients of type ${given.type} cannot be delivered to`);
  }
}

// A device: what is kept of it, how a registration is read, and what of it may be shown.
import { z } from 'zod';
import { providerOf, type Recipient, recipientSchema, tokenHashOf } from '../contracts.ts';
import { invalid, parseInput, requireBytes, requireId, requireJsonBytes } from '../refusal.ts';

/** Ids that begin so stand for all devices of a client (push.md section 3.3). */
export const CLIENT_SCOPE_PREFIX = '__sockudo_client_scope__:';

const MAX_METADATA_BYTES = 4096;
const MAX_TEXT_BYTES = 256;

const pushState = z.enum(['ACTIVE', 'FAILING', 'FAILED']);
export type DevicePushState = z.output<typeof pushState>;

const ratePolicy = z.object({
  capacity: z.int().positive(),
  refillPerSecond: z.number().positive(),
});

const optional = <Schema extends z.ZodType>(schema: Schema) => schema.nullish();

const registration = z.object({
  id: z.string(),
  clientId: optional(z.string()),
  client_id: optional(z.string()),
  formFactor: z.enum(['phone', 'tablet', 'desktop', 'tv', 'car', 'watch', 'embedded', 'other']),
  platform: z.enum(['android', 'ios', 'browser', 'windows', 'macos', 'watchos', 'tvos', 'other']),
  metadata: z.unknown().optional(),
  timezone: z.string().min(1),
  locale: z.string().min(1),
  lastActiveAtMs: optional(z.int().nonnegative()),
  push: z.object({
    recipient: recipientSchema,
    state: optional(pushState),
    failureCount: optional(z.int().nonnegative()),
    errorReason: optional(z.string()),
  }),
  pushRatePolicy: optional(ratePolicy),
});

/** As it is kept. The recipient holds secrets. */
export interface Device {
  readonly id: string;
  readonly clientId?: string;
  readonly formFactor: string;
  readonly platform: string;
  readonly metadata?: unknown;
  readonly timezone: string;
  readonly locale: string;
  readonly lastActiveAtMs: number;
  readonly recipient: Recipient;
  readonly state: DevicePushState;
  readonly failureCount: number;
  readonly pushRatePolicy?: { readonly capacity: number; readonly refillPerSecond: number };
}

/** `identity`: record of the device identity token. */
export interface StoredDevice extends Device {
  readonly identity: string;
}

/** @throws ProtocolError 400 */
export function parseDevice(body: unknown, checkRecipient: (recipient: Recipient) => void): Device {
  const given = parseInput(registration, body);
  const { id, formFactor, platform, metadata, timezone, locale, push, pushRatePolicy } = given;
  const clientId = given.clientId ?? given.client_id ?? undefined;
  requireId('id', id);
  if (id.startsWith(CLIENT_SCOPE_PREFIX)) throw invalid('id is invalid: the prefix is reserved');
  if (clientId !== undefined) requireId('clientId', clientId);
  requireBytes('timezone', timezone, MAX_TEXT_BYTES);
  requireBytes('locale', locale, MAX_TEXT_BYTES);
  requireJsonBytes('metadata', metadata, MAX_METADATA_BYTES);
  checkRecipient(push.recipient);
  return {
    id,
    ...(clientId !== undefined && { clientId }),
    formFactor,
    platform,
    ...(metadata !== undefined && metadata !== null && { metadata }),
    timezone,
    locale,
    lastActiveAtMs: given.lastActiveAtMs ?? 0,
    recipient: push.recipient,
    state: push.state ?? 'ACTIVE',
    failureCount: push.failureCount ?? 0,
    ...(pushRatePolicy != null && { pushRatePolicy }),
  };
}

/** What answers say of a device: no secret, no token, no metadata. */
export function deviceView(appId: string, device: Device): Record<string, unknown> {
  const { recipient } = device;
  return {
    appId,
    id: device.id,
    clientId: device.clientId ?? null,
    formFactor: device.formFactor,
    platform: device.platform,
    timezone: device.timezone,
    locale: device.locale,
    lastActiveAtMs: device.lastActiveAtMs,
    pushState: device.state,
    pushFailureCount: device.failureCount,
    recipient: {
      transportType: recipient.transportType,
      provider: providerOf(recipient),
      tokenHash: tokenHashOf(recipient),
    },
  };
}

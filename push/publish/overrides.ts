// Payloads that callers write themselves for one provider: they replace the rendered one whole (push.md section 6.3).
import { z } from 'zod';
import { type JsonObject, PROVIDER_NAMES, type ProviderName } from '../contracts.ts';
import { invalid, requireJsonBytes } from '../refusal.ts';

const MAX_OVERRIDE_BYTES = 4096;

export const overrideInput = z.object({
  provider: z.enum(PROVIDER_NAMES),
  payload: z.record(z.string(), z.unknown()),
});

const text = z.string();

const apnsHeaders = z.looseObject({
  'apns-push-type': z
    .enum(['alert', 'background', 'voip', 'complication', 'fileprovider', 'mdm', 'liveactivity'])
    .optional(),
  'apns-priority': z.enum(['5', '10']).optional(),
  'apns-expiration': z.union([text, z.number()]).optional(),
  'apns-topic': text.optional(),
  'apns-collapse-id': text.optional(),
});

const webPushHeaders = z.looseObject({
  ttl: z.union([z.int().nonnegative(), text.regex(/^\d{1,10}$/)]).optional(),
  urgency: z.enum(['very-low', 'low', 'normal', 'high']).optional(),
  topic: text.optional(),
  vapidAudience: z.url({ protocol: /^https$/ }).optional(),
});

const wnsPayload = z.looseObject({ type: z.enum(['toast', 'tile', 'raw']).optional() });

/** @throws ProtocolError 400 that names the member */
export function checkOverride({
  provider,
  payload,
}: {
  readonly provider: ProviderName;
  readonly payload: JsonObject;
}): void {
  requireJsonBytes(`${provider} override`, payload, MAX_OVERRIDE_BYTES);
  if (provider === 'apns') check(provider, 'headers', apnsHeaders, payload.headers);
  if (provider === 'webPush') check(provider, 'headers', webPushHeaders, payload.headers);
  if (provider === 'wns') check(provider, '', wnsPayload, payload);
}

function check(provider: ProviderName, part: string, schema: z.ZodType, value: unknown): void {
  if (value === undefined) return;
  const result = schema.safeParse(value);
  if (result.success) return;
  const path = [part, ...(result.error.issues[0]?.path ?? [])].filter((name) => name !== '').join('.');
  throw invalid(`${provider} override is invalid: ${path === '' ? 'payload' : path}`);
}

// A channel subscription: who gets the pushes of a channel.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PROVIDER_NAMES, type ProviderName } from '../contracts.ts';
import { CLIENT_SCOPE_PREFIX } from '../devices/device.ts';
import { invalid, MAX_CHANNEL_BYTES, MAX_ID_BYTES, parseInput, requireId } from '../refusal.ts';

const input = z.object({
  channel: z.string(),
  deviceId: z.string().nullish(),
  device_id: z.string().nullish(),
  clientId: z.string().nullish(),
  client_id: z.string().nullish(),
  provider: z.enum(PROVIDER_NAMES),
  tokenHash: z.string(),
  credentialVersion: z.int().positive().nullish(),
});

/** One device on one channel, or all devices of a client where `deviceId` is that of a client scope. */
export interface Subscription {
  readonly channel: string;
  readonly deviceId: string;
  readonly clientId?: string;
  readonly provider: ProviderName;
  readonly tokenHash: string;
  readonly credentialVersion?: number;
}

/** @throws ProtocolError 400 */
export function parseSubscription(body: unknown): Subscription {
  const given = parseInput(input, body);
  const deviceId = given.deviceId ?? given.device_id ?? '';
  const clientId = given.clientId ?? given.client_id ?? undefined;
  requireId('channel', given.channel, MAX_CHANNEL_BYTES);
  requireId('deviceId', deviceId);
  if (clientId !== undefined) requireId('clientId', clientId);
  requireId('tokenHash', given.tokenHash, MAX_ID_BYTES);
  if (deviceId.startsWith(CLIENT_SCOPE_PREFIX) && deviceId !== scopeOf(clientId)) {
    throw invalid('deviceId is invalid: a client scope is the hash of its clientId');
  }
  return {
    channel: given.channel,
    deviceId,
    ...(clientId !== undefined && { clientId }),
    provider: given.provider,
    tokenHash: given.tokenHash,
    ...(given.credentialVersion != null && { credentialVersion: given.credentialVersion }),
  };
}

/** The client whose devices a subscription is for; null: it is for one device. */
export const clientOf = ({ deviceId, clientId }: Subscription): string | null =>
  deviceId.startsWith(CLIENT_SCOPE_PREFIX) ? (clientId ?? null) : null;

/** The device id that stands for all devices of a client. */
export const scopeOf = (clientId: string | undefined): string =>
  CLIENT_SCOPE_PREFIX +
  createHash('sha256')
    .update(clientId ?? '')
    .digest('hex');

export const subscriptionView = (appId: string, subscription: Subscription): Record<string, unknown> => ({
  appId,
  ...subscription,
});

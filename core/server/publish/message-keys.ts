// Identity of single messages (http.md section 3.4, layer B): `message_id`, else `extras.idempotencyKey`, for each channel.
// The same payload again is acknowledged with the first serials and not sent again; another payload is a conflict.
import { httpError } from '@sockudo/protocol';
import type { PluginStages } from '../plugins/stages.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import type { ChannelLogs } from './channel-logs.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Publication } from './publication.ts';

export interface MessageKey {
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: string;
  /** `ai_code` of the refusal when the key was used with another payload. */
  readonly conflictCode?: number;
}

/** Null: this publication has no identity of its own. */
export function messageKeyOf(
  publication: Publication,
  requestedMessageId: string | undefined,
  stages: Pick<PluginStages, 'conflictCode'>,
): MessageKey | null {
  const { app, channel, extras } = publication;
  const key = requestedMessageId ?? extras?.idempotencyKey;
  if (key === undefined || !app.idempotency.enabled) return null;
  const conflictCode = stages.conflictCode(channel);
  return {
    scope: `message:${app.id}:${channel}`,
    key,
    fingerprint: fingerprintOf(publication),
    ...(conflictCode !== undefined && { conflictCode }),
  };
}

/**
 * The acknowledgement that the key's first publish got, or null when the key is free.
 * @throws ProtocolError 400 `invalid_input` when it was used with another payload
 */
export async function firstAcknowledgement(
  logs: ChannelLogs,
  publication: Publication,
  messageKey: MessageKey,
): Promise<Acknowledgement | null> {
  const { scope, key, fingerprint } = messageKey;
  const receipt = await logs.receiptsOf(publication.app).receipt(scope, key);
  if (receipt === null) return null;
  if (receipt.fingerprint !== fingerprint) throw messageKeyConflict(messageKey);
  // CAST: written by `publisher.ts` as the JSON text of an Acknowledgement.
  return JSON.parse(receipt.answer) as Acknowledgement;
}

export const messageKeyConflict = ({ conflictCode: aiCode }: Pick<MessageKey, 'conflictCode'> = {}) =>
  httpError('invalid_input', 'idempotency key was already used with a different payload', {
    ...(aiCode !== undefined && { aiCode }),
  });

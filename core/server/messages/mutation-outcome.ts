// What came of a mutation, in the words of its answer, of its refusal and of the metrics.
import { type AnyMutationRequest, httpError, type MutationAck, ProtocolError } from '@sockudo/protocol';
import type { MutationResult, VersionEntry } from '../ports/message-log.ts';

/** The serials of a stored version. */
export function acknowledge({
  key,
  messageSerial,
  action,
  versionSerial,
  historySerial,
  serial,
}: VersionEntry): MutationAck {
  return {
    channel: key.channel,
    messageSerial,
    action,
    versionSerial,
    historySerial,
    deliverySerial: serial,
  };
}

/** As metrics count it; null: not counted. */
export function outcomeOf(result: MutationResult): string | null {
  if (result.kind === 'committed') return 'applied';
  if (result.kind === 'duplicate') return 'duplicate';
  const isForbidden = result.kind === 'refused' && ProtocolError.is(result.error);
  return isForbidden && result.error.code === 'mutable_not_permitted' ? 'auth_failed' : null;
}

/** Why the log did not take a mutation on. `conflictCode`: `ai_code` where the `op_id` was used for something else. */
export function refusalOf(
  result: Exclude<MutationResult, { kind: 'committed' | 'duplicate' }>,
  channel: string,
  messageSerial: string,
  { opId = '' }: AnyMutationRequest,
  conflictCode?: number,
): unknown {
  switch (result.kind) {
    case 'conflict':
      return httpError('invalid_input', `op_id '${opId}' was already used with a different payload`, {
        ...(conflictCode !== undefined && { aiCode: conflictCode }),
      });
    case 'unknown-message':
      return messageNotFound(channel, messageSerial);
    case 'refused':
      return result.error;
  }
}

export const messageNotFound = (channel: string, messageSerial: string) =>
  httpError('not_found', `Message '${messageSerial}' was not found in channel '${channel}'`);

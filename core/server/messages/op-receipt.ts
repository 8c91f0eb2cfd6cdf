// The receipt of an `op_id`: the same change of the same message again is answered with the serials of the first.
import { type AnyMutationRequest, mutationAnswer } from '@sockudo/protocol';
import type { Retention } from '../ports/channel-log.ts';
import type { MutationDraft } from '../ports/message-log.ts';
import { canonicalJson } from '../publish/fingerprint.ts';
import { acknowledge } from './mutation-outcome.ts';

/** It counts for one message and one kind of change, and is stored with the version. */
export function opReceipt(
  { key, messageSerial, retention }: Pick<MutationDraft, 'key' | 'messageSerial' | 'retention'>,
  request: AnyMutationRequest,
  opId: string,
  nowMs: number,
): NonNullable<MutationDraft['receipt']> {
  return {
    scope: `op:${key.appId}:${key.channel}:${messageSerial}:${request.kind}`,
    key: opId,
    fingerprint: fingerprintOf(request),
    expiresAtMs: nowMs + keptMs(retention),
    answer: (entry) => mutationAnswer(acknowledge(entry), 'duplicate'),
  };
}

/** A receipt lives as long as the version that it stands for; where versions are kept for ever, a hundred years. */
const UNLIMITED_MS = 100 * 365 * 24 * 3600 * 1000;

const keptMs = ({ ageMs = UNLIMITED_MS, versionsAgeMs = ageMs }: Retention): number =>
  Math.min(UNLIMITED_MS, Math.max(ageMs, versionsAgeMs));

/** Everything that makes a difference to the version; the order of members of objects makes none. */
function fingerprintOf(request: AnyMutationRequest): string {
  const { socketId: _socket, opId: _op, extras, metadata, ...rest } = request;
  const clear = 'clear' in rest ? [...rest.clear].sort() : [];
  return canonicalJson({ ...rest, clear, extras: parsed(extras), metadata: parsed(metadata) });
}

const parsed = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));

// The receipt of an `op_id`: the same change of the same message again is answered with the serials of the first.
import { type AnyMutationRequest, mutationAnswer } from '@sockudo/protocol';
import type { Retention } from '../ports/channel-log.ts';
import type { MutationDraft } from '../ports/message-log.ts';
import { canonicalJson } from '../publish/fingerprint.ts';
import { acknowledge } from './mutation-outcome.ts';

/** It counts for one message and one kind of change, and is stored with the version. */
export function opReceipt(
  {
    key,
    messageSerial,
    retention,
    publishedAtMs,
  }: Pick<MutationDraft, 'key' | 'messageSerial' | 'retention' | 'publishedAtMs'>,
  request: AnyMutationRequest,
  opId: string,
): NonNullable<MutationDraft['receipt']> {
  return {
    scope: `op:${key.appId}:${key.channel}:${messageSerial}:${request.kind}`,
    key: opId,
    fingerprint: fingerprintOf(request),
    expiresAtMs: publishedAtMs + keptMs(retention),
    answer: (entry) => mutationAnswer(acknowledge(entry), 'duplicate'),
  };
}

/** A receipt lives as long as the version that it stands for; where versions are kept for ever, a hundred years. */
const UNLIMITED_MS = 100 * 365 * 24 * 3600 * 1000;

const keptMs = ({ ageMs = UNLIMITED_MS, versionsAgeMs = ageMs }: Retention): number =>
  Math.min(UNLIMITED_MS, Math.max(ageMs, versionsAgeMs));

/**
 * Everything that makes a difference to the version, as canonical JSON: the members in ascending order, those that are absent left
 * out. Put together by hand, because every append has one (bench appends-streamed).
 */
function fingerprintOf(request: AnyMutationRequest): string {
  const { kind, clientId, data, description, extras, metadata } = request;
  const clear = 'clear' in request ? [...request.clear].sort() : [];
  let text = `{"clear":${JSON.stringify(clear)}`;
  if (clientId !== undefined) text += `,"clientId":${JSON.stringify(clientId)}`;
  if (data !== undefined) text += `,"data":${JSON.stringify(data)}`;
  if (description !== undefined) text += `,"description":${JSON.stringify(description)}`;
  if (extras !== undefined) text += `,"extras":${canonical(extras)}`;
  text += `,"kind":"${kind}"`;
  if (metadata !== undefined) text += `,"metadata":${canonical(metadata)}`;
  if ('name' in request && request.name !== undefined) text += `,"name":${JSON.stringify(request.name)}`;
  return `${text}}`;
}

const canonical = (text: string): string => canonicalJson(JSON.parse(text));

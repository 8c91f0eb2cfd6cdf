// The receipt of an `op_id`: the same change of the same message again is answered with the serials of the first. Stored with
// every append of a stream, so it says nothing twice.
import { hash } from 'node:crypto';
import {
  type AnyMutationRequest,
  historySerialOf,
  type MutationAck,
  type MutationKind,
} from '@sockudo/protocol';
import type { Receipt, Retention } from '../ports/channel-log.ts';
import type { MutationDraft } from '../ports/message-log.ts';
import { canonicalJson } from '../publish/fingerprint.ts';

/** Longer fingerprints are stored as their digest, which costs more time than a short text and less room than a long one. */
const MAX_FINGERPRINT_LENGTH = 96;

/** It counts for one message and one kind of change, and is stored with the version. Serials of messages are unique in the server. */
export function opReceipt(
  {
    messageSerial,
    retention,
    publishedAtMs,
  }: Pick<MutationDraft, 'messageSerial' | 'retention' | 'publishedAtMs'>,
  request: AnyMutationRequest,
  opId: string,
): NonNullable<MutationDraft['receipt']> {
  const fingerprint = fingerprintOf(request);
  return {
    scope: `op:${request.kind}:${messageSerial}`,
    key: opId,
    fingerprint:
      fingerprint.length <= MAX_FINGERPRINT_LENGTH ? fingerprint : hash('sha256', fingerprint, 'base64'),
    expiresAtMs: publishedAtMs + keptMs(retention),
    answer: ({ serial, versionSerial }) => `${serial} ${versionSerial}`,
  };
}

/** The serials of the change that a receipt of `opReceipt` stands for. */
export function acknowledgedBefore(
  receipt: Receipt,
  channel: string,
  messageSerial: string,
  action: MutationKind,
): MutationAck {
  const historySerial = historySerialOf(messageSerial) ?? 0;
  return { channel, messageSerial, action, historySerial, ...serialsIn(receipt) };
}

export function serialsIn({ answer }: Receipt): Pick<MutationAck, 'deliverySerial' | 'versionSerial'> {
  const space = answer.indexOf(' ');
  return { deliverySerial: Number(answer.slice(0, space)), versionSerial: answer.slice(space + 1) };
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

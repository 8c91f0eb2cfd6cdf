/**
 * Checks of `extras.ai` and `message_id` as publishes and, by divergence D62, mutations need them. The first rule that fails
 * answers; the texts are Sockudo's. Must not know: channels, events, who publishes (identity.ts).
 */
import {
  AI_MESSAGE_ID_MAX_BYTES,
  CODEC_VALUE_MAX_BYTES,
  DEFAULT_HEADER_LIMITS,
  HEADER_KEY_MAX_BYTES,
  HEADER_KEYS_MAX,
  type HeaderLimits,
  PROVIDER_METADATA_MAX_BYTES,
} from './limits.ts';
import { exceedsBytes } from './text.ts';
import { type AiHeaders, headerDomain, type WireHeaders } from './transport-headers.ts';

export const AI_INVALID_HEADER = 104000;
export const AI_HEADER_TOO_LARGE = 104001;
export const AI_CLIENT_ID_SPOOF = 104002;
export const AI_EVENT_NOT_PERMITTED = 104003;

/** Why something is refused. On a socket all of them have code 4000. */
export interface AiRefusal {
  /** 104000 `ai_invalid_transport_header`, 104001 `ai_header_too_large`, 104002 `ai_client_id_spoof`. */
  readonly aiCode: 104000 | 104001 | 104002;
  /** HTTP status of the answer. */
  readonly status: 400 | 403 | 413;
  /** Key that is to blame; the name of the whole where it is not one key. */
  readonly key: string;
  readonly text: string;
}

const invalid = (key: string, text: string): AiRefusal => ({
  aiCode: AI_INVALID_HEADER,
  status: 400,
  key,
  text,
});

const tooLarge = (key: string, text: string): AiRefusal => ({
  aiCode: AI_HEADER_TOO_LARGE,
  status: 413,
  key,
  text,
});

/** What differs between the two maps. */
interface Tier {
  readonly name: string;
  readonly alphabet: RegExp;
  readonly alphabetText: string;
  readonly valueBytes: (key: string, limits: HeaderLimits) => number;
}

const TRANSPORT: Tier = {
  name: 'extras.ai.transport',
  alphabet: /^[a-z0-9-]+$/,
  alphabetText: '[a-z0-9-]+',
  valueBytes: (key, limits) =>
    key === 'steer-codec-message-ids' ? limits.steerIdsBytes : limits.transportValueBytes,
};

const CODEC: Tier = {
  name: 'extras.ai.codec',
  alphabet: /^[A-Za-z0-9_-]+$/,
  alphabetText: '[A-Za-z0-9_-]+',
  valueBytes: (key) => (key === 'providerMetadata' ? PROVIDER_METADATA_MAX_BYTES : CODEC_VALUE_MAX_BYTES),
};

/**
 * What is wrong with `extras.ai`: first the transport map (number of keys; each key's length and letters and its value's size; then
 * known keys and their values), then the codec map, which may hold any key. Null when all is well.
 */
export function aiExtrasError(ai: AiHeaders, limits: HeaderLimits = DEFAULT_HEADER_LIMITS): AiRefusal | null {
  const { transport = {}, codec = {} } = ai;
  return (
    boundsError(transport, TRANSPORT, limits) ?? domainsError(transport) ?? boundsError(codec, CODEC, limits)
  );
}

function boundsError(headers: WireHeaders, tier: Tier, limits: HeaderLimits): AiRefusal | null {
  const entries = Object.entries(headers);
  if (entries.length > HEADER_KEYS_MAX)
    return tooLarge(tier.name, `${tier.name} exceeds ${HEADER_KEYS_MAX} keys`);
  for (const [key, value] of entries) {
    const refusal = keyError(key, tier);
    if (refusal !== null) return refusal;
    const max = tier.valueBytes(key, limits);
    if (exceedsBytes(value, max)) return tooLarge(key, `${tier.name}.${key} exceeds ${max} bytes`);
  }
  return null;
}

function keyError(key: string, { name, alphabet, alphabetText }: Tier): AiRefusal | null {
  if (key === '') return invalid(key, `${name} key must not be empty`);
  if (exceedsBytes(key, HEADER_KEY_MAX_BYTES))
    return tooLarge(key, `${name} key exceeds ${HEADER_KEY_MAX_BYTES} bytes`);
  if (!alphabet.test(key)) return invalid(key, `${name} key '${key}' must match ${alphabetText}`);
  return null;
}

function domainsError(transport: WireHeaders): AiRefusal | null {
  for (const [key, value] of Object.entries(transport)) {
    const complaint = valueComplaint(key, value);
    if (complaint !== null) return invalid(key, complaint);
  }
  return null;
}

function valueComplaint(key: string, value: string): string | null {
  const domain = headerDomain(key);
  const name = `${TRANSPORT.name}.${key}`;
  if (domain === null) return `unknown ${TRANSPORT.name} key '${key}'`;
  // Stores keep UTF-8, in which half a surrogate pair is another character: such an id would never be found again.
  if (!value.isWellFormed()) return `${name} has invalid value`;
  if (domain === 'text') return null;
  if (domain === 'filled') return value === '' ? `${name} must not be empty` : null;
  if (domain === 'flag')
    return value === 'true' || value === 'false' ? null : `${name} must be true or false`;
  return domain.includes(value) ? null : `${name} has invalid value`;
}

/** What is wrong with a `message_id` on an AI channel: 104000 empty, 104001 (status 400) more than 64 bytes. */
export function aiMessageIdError(messageId: string): AiRefusal | null {
  if (messageId === '') return invalid('message_id', 'message_id must not be empty');
  if (!exceedsBytes(messageId, AI_MESSAGE_ID_MAX_BYTES)) return null;
  const text = `message_id exceeds ${AI_MESSAGE_ID_MAX_BYTES} bytes`;
  return { aiCode: AI_HEADER_TOO_LARGE, status: 400, key: 'message_id', text };
}

/** A client's headers may not look like the server's own (divergence D63). */
export function reservedHeaderError(
  headers: Readonly<Record<string, unknown>> | undefined,
): AiRefusal | null {
  const key = Object.keys(headers ?? {}).find((name) => name.startsWith('sockudo_'));
  return key === undefined ? null : invalid(key, `extras.headers key '${key}' is reserved`);
}

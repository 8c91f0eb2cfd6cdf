// What AI Transport refuses, as the errors that core answers: over HTTP with their own text code, on a socket with code 4000, both
// with `ai_code` (ai-transport-wire.md section 17).
import type { AiRefusal } from '@sockudo/ai-transport/wire';
import { authenticationError, httpError, type ProtocolError } from '@sockudo/protocol';

const NAMES = {
  104000: 'ai_invalid_transport_header',
  104001: 'ai_header_too_large',
  104002: 'ai_client_id_spoof',
} as const;

export const refusalOf = ({ aiCode, text, status }: AiRefusal): ProtocolError =>
  httpError(NAMES[aiCode], text, { httpStatus: status });

/** 403 / 4000, 104003. */
export const notPermitted = (text: string): ProtocolError => httpError('ai_event_not_permitted', text);

export const noAiChannel = (): ProtocolError => notPermitted('AI Transport is not enabled for this channel');

/** 4009. */
export const anonymousClient = (): ProtocolError =>
  authenticationError('AI client events require an authenticated client_id');

/** `ai_code` where a `message_id` or `op_id` was used for something else (divergence D9). */
export const CONFLICT = 104_006;

const CONTENT_CAP = 40_009;

/** 413 / 4000, 40009: more than a channel or one of its messages may hold. */
export const overCap = (text: string): ProtocolError =>
  httpError('payload_too_large', text, { aiCode: CONTENT_CAP });

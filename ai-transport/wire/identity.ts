/**
 * Who a client says it is, against who it is. A trusted publisher is not checked at all.
 * Must not know: how the identity was proven.
 */
import type { ClientAiEvent } from './events.ts';
import type { WireHeaders } from './transport-headers.ts';
import { AI_CLIENT_ID_SPOOF, type AiRefusal } from './validate.ts';

/** The first header ending in `-client-id` that is not, byte for byte, the verified id; an empty one is not, either. */
export function spoofError(transport: WireHeaders | undefined, verifiedId: string): AiRefusal | null {
  for (const [key, value] of Object.entries(transport ?? {})) {
    if (!key.endsWith('-client-id') || value === verifiedId) continue;
    const text = `extras.ai.transport.${key} does not match verified identity`;
    return { aiCode: AI_CLIENT_ID_SPOOF, status: 403, key, text };
  }
  return null;
}

/** The headers with the client's id filled in where it is missing: author of an input, sender of a cancel. */
export function stampIdentity(
  event: ClientAiEvent,
  transport: WireHeaders | undefined,
  verifiedId: string,
): WireHeaders {
  const key = event === 'ai-input' ? 'input-client-id' : 'run-client-id';
  return { ...transport, [key]: verifiedId };
}

/** The author field of a client's event: whatever it gave becomes the verified id, and absent stays absent (divergence D63). */
export function verifiedAuthor(given: string | undefined, verifiedId: string): string | undefined {
  return given === undefined ? undefined : verifiedId;
}

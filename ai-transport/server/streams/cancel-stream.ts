// Ends a message that whoever wrote it has left open: an ordinary update, so that every reader sees it and history keeps it.
import { HEADER_KEYS_MAX } from '@sockudo/ai-transport/wire';
import { encodeExtras, parseExtras, tryParseJson, type UpdateRequest } from '@sockudo/protocol';
import type { App, RealtimeContext } from '@sockudo/server/plugins';
import type { MessageState } from '@sockudo/server/ports';

export interface CancelReason {
  /** Header `error-code`. */
  readonly code: string;
  /** Header `error-message`, and the description of the version. */
  readonly text: string;
  /** Who does it, in the version's metadata. */
  readonly system: string;
}

/**
 * Makes the message cancelled unless it changed since `state` was read; data and other headers stay. Answers whether it did: of several
 * nodes that try it, one does.
 * @throws ProtocolError 422 where messages of the channel can be changed no more, 500 when the store failed; what a rule refused
 */
export function cancelStream(
  context: Pick<RealtimeContext, 'mutations'>,
  app: App,
  channel: string,
  state: MessageState,
  reason: CancelReason,
): Promise<boolean> {
  return context.mutations.changeVersion(app, channel, state, requestOf(state, reason));
}

function requestOf({ extras }: MessageState, { code, text, system }: CancelReason): UpdateRequest {
  return {
    kind: 'update',
    clear: new Set(),
    extras: cancelledExtras(extras, code, text),
    description: text,
    metadata: JSON.stringify({ system, reason: code }),
  };
}

function cancelledExtras(text: string | undefined, code: string, message: string): string {
  const extras = parseExtras(text === undefined ? undefined : tryParseJson(text)) ?? {};
  const transport: Record<string, string> = { ...extras.ai?.transport, status: 'cancelled' };
  // A message with as many headers as there may be has no room to say why.
  const reasons = { 'error-code': code, 'error-message': message };
  for (const [key, value] of Object.entries(reasons)) {
    if (key in transport || Object.keys(transport).length < HEADER_KEYS_MAX) transport[key] = value;
  }
  return encodeExtras({ ...extras, ai: { ...extras.ai, transport } });
}

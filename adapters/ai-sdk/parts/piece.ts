/**
 * A part of a message as it stands in the channel, whether a session has it or an agent. Must not know: what it says.
 */
import type { MessagePart } from '@sockudo/ai-transport';
import type { ConversationMessage } from '@sockudo/ai-transport/agent';

export interface Piece {
  /** The same piece has the same key, from its sending on. */
  readonly key: string;
  readonly codec: Readonly<Record<string, string>>;
  /** Text; of anything else its JSON. */
  readonly text: string;
  /** Of text that grows; absent: it came at once. */
  readonly status?: 'streaming' | 'complete' | 'cancelled' | undefined;
  /** Somebody answered with it. */
  readonly isInput: boolean;
}

/** @param isOpen a text that nobody has closed may grow, although its run is over */
export function pieceOfSession(part: MessagePart, isOpen = false): Piece {
  const { id, codec, text, isInput, transport } = part;
  const grows = transport.stream === 'true';
  const isWritten = isOpen && transport.status === 'streaming';
  return {
    // The id of a part is another one before the server has it.
    key: isInput ? (transport['event-id'] ?? id) : id,
    codec,
    text,
    status: grows ? (isWritten ? 'streaming' : (part.status ?? 'complete')) : undefined,
    isInput,
  };
}

const GROWS = /^(text|reasoning)(-start|-delta|-end)?$|^tool-input-(start|delta)$/;

export function piecesOfAgent({ id, parts, isInput }: ConversationMessage): Piece[] {
  return parts.map(({ codec, data, status }, index) => ({
    key: `${id} ${index}`,
    codec,
    text: data,
    // Agents are told `complete` of what came at once, too.
    status: status !== 'complete' || GROWS.test(codec.type ?? 'text') ? status : undefined,
    isInput,
  }));
}

/** What users do, in the words of the wire. Must not know: when and how it is sent. */
import {
  type AiMessage,
  cancel,
  edit,
  input,
  regenerate,
  steer,
  type WireHeaders,
} from '../../wire/index.ts';
import { newId } from './ids.ts';
import type { Outgoing } from './outbox.ts';

export interface InputOptions {
  /** Id of the message. Default: a new one. One that exists already is not sent again. */
  readonly messageId?: string;
  /** `extras.ai.codec`. Default: `{ type: 'text' }` for texts, nothing for anything else. */
  readonly codec?: WireHeaders;
  /** Default `user`. */
  readonly role?: 'user' | 'assistant' | 'system' | 'tool';
}

/** What an input is to be. */
export type InputKind =
  | { readonly kind: 'message'; readonly runId: string; readonly parent: string | null }
  | { readonly kind: 'steer'; readonly runId: string }
  | { readonly kind: 'edit'; readonly runId: string; readonly parent: string | null; readonly target: string }
  | {
      readonly kind: 'regenerate';
      readonly runId: string;
      readonly parent: string | null;
      readonly target: string;
    };

/** @param clientId who says it, as far as that is known here: the server fills in the verified id */
export function outgoingInput(
  what: InputKind,
  data: unknown,
  { messageId = newId(), codec = defaultCodec(data), role }: InputOptions,
  clientId: string | undefined,
): Outgoing & { readonly messageId: string } {
  const id = newId();
  const headers = {
    runId: what.runId,
    codecMessageId: messageId,
    invocationId: newId(),
    eventId: id,
    parent: what.kind === 'steer' ? undefined : (what.parent ?? undefined),
    role,
    codec,
  };
  return { id, messageId, data, clientId, ...messageOf(what, headers) };
}

function messageOf(what: InputKind, headers: Parameters<typeof input>[0]): AiMessage {
  switch (what.kind) {
    case 'message':
      return input(headers);
    case 'steer':
      return steer(headers);
    case 'edit':
      return edit(headers, what.target);
    case 'regenerate':
      return regenerate(headers, what.target);
  }
}

const defaultCodec = (data: unknown): WireHeaders | undefined =>
  typeof data === 'string' ? { type: 'text' } : undefined;

export const outgoingCancel = (runId: string): Outgoing => ({
  id: newId(),
  data: { runId },
  clientId: undefined,
  ...cancel(runId),
});

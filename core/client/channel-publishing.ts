/**
 * Publishing to one channel and changing its messages over the socket: the requests in the words of the wire, their answers checked.
 * Must not know: sockets, subscriptions, how requests travel.
 * Source: docs/protocol.md, "Publishing over the socket".
 */
import {
  isJsonObject,
  isMutationAnswer,
  isPublishAck,
  type JsonObject,
  type MutationAnswer,
  type MutationKind,
  type PublishAck,
} from '@sockudo/protocol';
import { RequestError } from './errors.ts';
import type { RequestBody } from './requests.ts';

export interface PublishOptions {
  /** Makes it safe to repeat: the same id again is acknowledged with the first serials and not delivered again. 1-128 bytes. */
  readonly messageId?: string;
  readonly extras?: Readonly<Record<string, unknown>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Stops the waiting; what was sent is not taken back. */
  readonly signal?: AbortSignal;
}

export interface ChangeOptions {
  /** Makes it safe to repeat, as `messageId` does. 1-64 bytes. */
  readonly opId?: string;
  readonly extras?: Readonly<Record<string, unknown>>;
  readonly description?: string;
  readonly metadata?: unknown;
  /** Stops the waiting; what was sent is not taken back. */
  readonly signal?: AbortSignal;
}

/** What a message has from now on; what is not named stays. */
export interface MessagePatch {
  readonly name?: string;
  readonly data?: unknown;
  /** Parts that are taken away. */
  readonly clearFields?: readonly ('name' | 'data' | 'extras')[];
}

export type AskServer = (body: RequestBody) => Promise<JsonObject>;

export async function publishMessage(
  ask: AskServer,
  channel: string,
  event: { readonly name: string; readonly data: unknown },
  { messageId, extras, tags, signal }: PublishOptions,
): Promise<PublishAck> {
  const answer = await ask({
    event: 'publish',
    answer: 'publish_ack',
    channel,
    data: { ...event, message_id: messageId, extras, tags },
    isRepeatable: messageId !== undefined,
    signal,
  });
  return checked(withoutId(answer), isPublishAck);
}

export async function changeMessage(
  ask: AskServer,
  channel: string,
  change: { readonly action: MutationKind; readonly messageSerial: string } & MessagePatch,
  { opId, extras, description, metadata, signal }: ChangeOptions,
): Promise<MutationAnswer> {
  const { action, messageSerial, name, data, clearFields } = change;
  const answer = await ask({
    event: 'mutate',
    answer: 'mutate_ack',
    channel,
    data: {
      action,
      message_serial: messageSerial,
      name,
      data,
      clear_fields: clearFields,
      op_id: opId,
      extras,
      description,
      metadata,
    },
    isRepeatable: opId !== undefined,
    signal,
  });
  return checked(withoutId(answer), isMutationAnswer);
}

/** A request of a plug-in of the server, which answers it with a frame of the same name. */
export async function askPlugin(
  ask: AskServer,
  channel: string,
  event: string,
  data: JsonObject,
  { signal }: { readonly signal?: AbortSignal },
): Promise<JsonObject> {
  return withoutId(await ask({ event, answer: event, channel, data, isRepeatable: false, signal }));
}

function withoutId({ request_id: _, ...answer }: JsonObject): JsonObject {
  return answer;
}

function checked<Answer>(answer: unknown, isAnswer: (answer: unknown) => answer is Answer): Answer {
  if (isJsonObject(answer) && isAnswer(answer)) return answer;
  throw new RequestError('The acknowledgement has an unknown form', 'unknown');
}

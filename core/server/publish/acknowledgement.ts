// What a publisher is told: one acknowledgement for each channel, and the bodies of /events and /batch_events made of them
// (http.md sections 3.1 and 3.2). The short answer is given as long as nothing asks for the long one.
import { randomUUID } from 'node:crypto';
import type { PublishRequest } from '@sockudo/protocol';
import type { LogEntry } from '../ports/channel-log.ts';
import type { Publication } from './publication.ts';

/** Member names are the wire's. */
export interface Acknowledgement {
  readonly acknowledgement_id: string;
  readonly message_serial?: string;
  readonly history_serial?: number;
  readonly delivery_serial?: number;
  readonly version_serial?: string;
}

/** What a client is told of what it published. */
export interface ClientAcknowledgement {
  readonly acknowledgement: Acknowledgement;
  /** It had been published before. */
  readonly isRepeat: boolean;
}

/** Counts that the publisher asked for with `info`. */
export interface ChannelInfo {
  readonly user_count?: number;
  readonly subscription_count?: number;
}

export const SHORT_ANSWER = '{"ok":true}';

export function acknowledge(publication: Publication, entry: LogEntry | null): Acknowledgement {
  const messageSerial = entry?.messageSerial;
  if (entry !== null && messageSerial !== undefined) {
    return {
      acknowledgement_id: messageSerial,
      message_serial: messageSerial,
      history_serial: entry.serial,
      delivery_serial: entry.serial,
      version_serial: messageSerial,
    };
  }
  return { acknowledgement_id: publication.messageId ?? randomUUID() };
}

/** Any `info`, even an empty one, and any `message_id` ask for the long answer. */
export const wantsLongAnswer = (request: PublishRequest): boolean =>
  request.info !== null || request.messageId !== undefined;

export interface ChannelAnswer {
  readonly channel: string;
  readonly acknowledgement: Acknowledgement;
  readonly info: ChannelInfo;
}

export function eventAnswer(request: PublishRequest, answers: readonly ChannelAnswer[]): string {
  if (!wantsLongAnswer(request)) return SHORT_ANSWER;
  const channels = answers.map(
    ({ channel, acknowledgement, info }) =>
      `${JSON.stringify(channel)}:${JSON.stringify({ ...acknowledgement, ...info })}`,
  );
  return `{"channels":{${channels.join(',')}}}`;
}

/** One entry for each item in order; null, for an item that asked for nothing or was a duplicate, answers `{}`. */
export function batchAnswer(items: readonly (readonly ChannelAnswer[] | null)[]): string {
  const entries = items.map((answers) => {
    const first = answers?.[0];
    return first === undefined ? '{}' : JSON.stringify({ ...first.acknowledgement, ...first.info });
  });
  return `{"batch":[${entries.join(',')}]}`;
}

/**
 * Events as whole objects, live ones and those of a history alike, in the names and forms that `@sockudo/ai-transport` 3 reads from
 * a channel. Must not know: channels, how histories are asked for. Pure.
 * Source: the types of that package's realtime seam; divergences D86, D90.
 */
import { type HistoryItem, isJsonObject, isMessageVersion, type JsonObject, member } from '@sockudo/protocol';
import type { PublishOptions } from './channel-publishing.ts';
import { type Frame, parseText, type Serial } from './frame.ts';
import type { HistoryPage, HistoryParams } from './history.ts';

/**
 * A frame. `data` that is JSON text is its value, as for pusher-js, but the text of a message that is streamed
 * (`extras.ai.transport.stream` is `"true"`) stays text: a streamed "5" is no number.
 */
export interface WholeEvent {
  readonly event: string;
  readonly data?: unknown;
  readonly [member: string]: unknown;
}

/** A page of events, which happened in the order of the list, whichever end of the history the page comes from. */
export interface EventsPage {
  /** Each shows its message as it stands now, with an `action` as live events have it; `message.update` where text was appended. */
  readonly items: readonly WholeEvent[];
  hasNext(): boolean;
  /** Empty after the last. */
  next(): Promise<EventsPage>;
}

export interface EventsParams extends HistoryParams {
  readonly start_serial?: Serial;
  readonly end_serial?: Serial;
  readonly start_time_ms?: number;
  readonly end_time_ms?: number;
  readonly until_attach?: boolean;
}

export interface MessageToCreate extends Pick<PublishOptions, 'messageId' | 'extras'> {
  readonly name: string;
  readonly data?: unknown;
}

/** What a message that can change says of itself; null for others. */
export interface MutableMessageInfo {
  readonly action: string;
  readonly event: string;
  readonly messageSerial: string;
  readonly versionSerial?: string;
  readonly historySerial?: Serial;
  readonly versionTimestampMs?: number;
}

export const wholeEvent = (frame: Frame): WholeEvent => ({ ...frame, data: dataOf(frame) });

/** Reads the headers that the server adds to messages that can change. */
export function getMutableMessageInfo({
  event,
  extras,
}: {
  readonly event: string;
  readonly extras?: unknown;
}): MutableMessageInfo | null {
  const headers = objectIn(extras, 'headers');
  const action = member(headers, 'sockudo_action');
  const messageSerial = member(headers, 'sockudo_message_serial');
  if (typeof action !== 'string' || typeof messageSerial !== 'string') return null;
  const versionSerial = member(headers, 'sockudo_version_serial');
  const historySerial = member(headers, 'sockudo_history_serial');
  const timestampMs = member(headers, 'sockudo_version_timestamp_ms');
  return {
    action,
    event,
    messageSerial,
    ...(typeof versionSerial === 'string' && { versionSerial }),
    ...((typeof historySerial === 'string' || typeof historySerial === 'number') && { historySerial }),
    ...(typeof timestampMs === 'number' && { versionTimestampMs: timestampMs }),
  };
}

/**
 * The id of an event tells one publish from another. The id that is given is that of a message in the conversation: the same for
 * every regeneration of an answer, which the server would refuse as one publish with two contents.
 */
export function createOptions({ messageId, extras }: MessageToCreate): PublishOptions {
  const eventId = member(objectIn(objectIn(extras, 'ai'), 'transport'), 'event-id');
  const id = messageId !== undefined && typeof eventId === 'string' ? eventId : messageId;
  return { ...(id !== undefined && { messageId: id }), ...(extras !== undefined && { extras }) };
}

export function eventsPage(page: HistoryPage): EventsPage {
  const items = page.items.map(eventOf);
  return {
    items: page.direction === 'newest_first' ? items.toReversed() : items,
    hasNext: () => page.hasNext(),
    next: async () => {
      const next = await page.next();
      return next === null ? NOTHING : eventsPage(next);
    },
  };
}

const NOTHING: EventsPage = { items: [], hasNext: () => false, next: async () => NOTHING };

export function historyParams(params: EventsParams): HistoryParams {
  const {
    start_serial: startSerial,
    end_serial: endSerial,
    start_time_ms: startTimeMs,
    end_time_ms: endTimeMs,
    until_attach: untilAttach,
    ...rest
  } = params;
  const given = { startSerial, endSerial, startTimeMs, endTimeMs, untilAttach };
  const bounds = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...rest, ...bounds };
}

function eventOf({ message }: HistoryItem): WholeEvent {
  const event = { ...message, data: dataOf(message) };
  if (!isMessageVersion(message)) return event;
  // The text of an append is a fragment in live events, and all of it here.
  return { ...event, action: `message.${message.action === 'append' ? 'update' : message.action}` };
}

function dataOf({ data, extras }: { readonly data?: unknown; readonly extras?: unknown }): unknown {
  const isStreamed = member(objectIn(objectIn(extras, 'ai'), 'transport'), 'stream') === 'true';
  return typeof data === 'string' && !isStreamed ? parseText(data) : data;
}

function objectIn(value: unknown, key: string): JsonObject {
  const found = isJsonObject(value) ? member(value, key) : undefined;
  return isJsonObject(found) ? found : {};
}

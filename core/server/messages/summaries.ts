// What subscribers are told of the annotations of a message: the summary of one type, whole each time, cut where its lists of
// clients would make the frame too large (http.md 8.3, realtime.md 7.5).
import { SUMMARY_EVENT, summarizerOf, summaryData, summaryFrameBytes, summaryOf } from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import type { Message } from '../ports/message.ts';
import type { Projection } from '../ports/message-log.ts';

/** Most client ids in a list, tried in turn until the frame fits. */
const CLIENT_LIMITS = [Number.POSITIVE_INFINITY, 64, 32, 16, 8, 4, 2, 1, 0] as const;

/**
 * The frame of a projection. It is the whole summary of its type, so a later one replaces it; it is not stored and has no serial.
 * @param maxFrameBytes bound where the app sets none; 0: unlimited
 */
export function summaryMessage(
  app: App,
  channel: string,
  { messageSerial, type, state }: Projection,
  maxFrameBytes: number,
): Message {
  const summarizer = summarizerOf(type);
  const most = app.limits.maxEventPayloadBytes ?? maxFrameBytes;
  let data = '';
  for (const clients of CLIENT_LIMITS) {
    data = summaryData(messageSerial, type, summaryOf(summarizer, state, clients));
    if (most === 0 || summaryFrameBytes(channel, data) <= most) break;
  }
  return {
    channel,
    event: SUMMARY_EVENT,
    data,
    publishedAtMs: Date.now(),
    extras: { ephemeral: true },
    protocol2Only: true,
  };
}

// Test support: settings, messages and subscribers of delta compression without a server. Not used by the server.
import { encodeV1, type JsonObject, member, parseDeltaNotice } from '@sockudo/protocol';
import { fakeApp } from '../../../http/fake-deps.ts';
import { AppCounters } from '../../../metrics/counters.ts';
import type { Message } from '../../../ports/message.ts';
import type { DeltaMessageContext } from '../delta-message.ts';
import type { DeltaSettings } from '../delta-policy.ts';

export const deltaSettings = (changes: Partial<DeltaSettings> = {}): DeltaSettings => ({
  enabled: true,
  algorithm: 'fossil',
  fullMessageInterval: 3,
  minMessageBytes: 100,
  maxStateAgeMs: 300_000,
  maxChannelsPerConnection: 100,
  maxSeriesPerChannel: 100,
  conflationPath: null,
  omitAlgorithm: false,
  ...changes,
});

export const deltaContext = (changes: Partial<DeltaMessageContext> = {}): DeltaMessageContext => ({
  app: fakeApp(),
  settings: deltaSettings(),
  frameOptions: { tagsInFrames: true },
  counters: new AppCounters(),
  ...changes,
});

/** Message number `n` of a feed: long enough for a delta, and like the one before. */
export const tick = (n: number, changes: Partial<Message> = {}): Message => ({
  channel: 'market',
  event: 'tick',
  data: JSON.stringify(JSON.stringify({ symbol: 'XYZ', price: n, note: 'padding '.repeat(12) })),
  publishedAtMs: 0,
  delta: true,
  ...changes,
});

/** The base text of a message without anything that needs protocol 2. */
export const tickText = (n: number): string => {
  const { event, channel, data } = tick(n);
  return encodeV1({ event, channel, data });
};

/** The JSON text in a WebSocket frame of ours. */
export function textIn(frame: Buffer): string {
  const length = (frame[1] ?? 0) & 0x7f;
  return frame.subarray(length < 126 ? 2 : length === 126 ? 4 : 10).toString('utf8');
}

/** What a frame is to a subscriber: a delta, or a whole message with its number. */
export function seen(frame: Buffer | null) {
  if (frame === null) return 'outside';
  // CAST: every frame of ours is an object.
  const parsed = JSON.parse(textIn(frame)) as JsonObject;
  const notice = parsed.event === 'sockudo:delta' ? parseDeltaNotice(parsed.data) : null;
  if (notice === null) return `full ${member(parsed, '__delta_seq')}`;
  return `delta ${notice.seq} of ${notice.baseIndex}`;
}

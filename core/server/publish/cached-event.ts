// The last event of a cache channel, as GET /channels/{c}?info=cache shows it and as new subscribers get it.
import { isJsonObject, member, stringMember } from '@sockudo/protocol';

export const cachedEventKey = (appId: string, channel: string): string => `cached-event:${appId}:${channel}`;

/** Text of the form that Sockudo caches: `{"event","channel","data"}`. `data` is JSON text. */
export function encodeCachedEvent(channel: string, event: string, data: string): string {
  return `{"event":${JSON.stringify(event)},"channel":${JSON.stringify(channel)},"data":${data}}`;
}

export function parseCachedEvent(text: string): { event: string; data: string } {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new TypeError('a cached event is a JSON object');
  return { event: stringMember(value, 'event') ?? '', data: JSON.stringify(member(value, 'data') ?? null) };
}

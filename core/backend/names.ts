// Names a caller hands in, checked before anything is signed or sent. The rules are those of the server (http.md 2.1,
// realtime.md 3.2); limits an app raises or lowers on its own are the server's to enforce.
import { isSocketId } from '@sockudo/protocol';

const CHANNEL = /^[A-Za-z0-9_\-=@,;.:#]+$/;

/** Longest channel or event name, in characters: the server's default. */
export const MAX_NAME_LENGTH = 200;

/** Most channels of one event, as in every Pusher SDK. */
export const MAX_CHANNELS_PER_EVENT = 100;

export function assertSocketId(socketId: unknown): asserts socketId is string {
  if (typeof socketId !== 'string' || !isSocketId(socketId)) {
    throw new TypeError(`Invalid socket id: '${String(socketId)}'`);
  }
}

export function assertChannel(channel: unknown): asserts channel is string {
  if (typeof channel !== 'string' || !CHANNEL.test(channel)) {
    throw new TypeError(`Invalid channel name: '${String(channel)}'`);
  }
  if (channel.length > MAX_NAME_LENGTH) throw new TypeError(`Channel name too long: '${channel}'`);
}

export function assertEventName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') throw new TypeError(`Invalid event name: '${String(name)}'`);
  if (name.length > MAX_NAME_LENGTH) throw new TypeError(`Event name too long: '${name}'`);
}

export function assertUserId(userId: unknown): asserts userId is string {
  if (typeof userId !== 'string' || userId === '')
    throw new TypeError(`Invalid user id: '${String(userId)}'`);
}

/**
 * A value as one segment of a path. `.` and `..` are refused: every URL parser resolves them, however they are encoded, so
 * that the request would reach another route than the one meant.
 */
export function pathSegment(value: string, what: string): string {
  if (value === '' || value === '.' || value === '..') {
    throw new TypeError(`Invalid ${what} for a path: '${value}'`);
  }
  return encodeURIComponent(value);
}

/** The route of a channel. */
export function channelPath(channel: string): string {
  assertChannel(channel);
  return `/channels/${pathSegment(channel, 'channel')}`;
}

/**
 * Remembers which messages were seen, so that a replay after a reconnect delivers nothing twice (divergence D86).
 * Bounded: the oldest entry makes room. Must not know: handlers, positions.
 */
import { isJsonObject, stringMember } from '@sockudo/protocol';
import type { Frame } from './frame.ts';

/** Messages remembered by default. */
export const DEDUPLICATION_CAPACITY = 1000;

/** Serial of the version a frame carries, from `extras.headers`; absent for messages that cannot change. */
export function versionSerialOf(frame: Frame): string | undefined {
  const headers = frame.extras?.headers;
  return isJsonObject(headers) ? stringMember(headers, 'sockudo_version_serial') : undefined;
}

/**
 * The same message is: same channel, same `message_id` and same version serial. The version, because Sockudo repeats the
 * create's id on every edit and append; the channel, because one publish to two channels carries one id.
 */
export class Deduplicator {
  readonly #capacity: number;
  readonly #seen = new Map<string, string | undefined>();

  /** @param capacity messages remembered, at least 1 */
  constructor(capacity: number = DEDUPLICATION_CAPACITY) {
    this.#capacity = Math.max(1, capacity);
  }

  /** True when this frame was seen before; otherwise it is remembered. Frames without `message_id` never repeat. */
  isRepeat(frame: Frame): boolean {
    if (frame.message_id === undefined) return false;
    const key = JSON.stringify([frame.channel, frame.message_id, versionSerialOf(frame)]);
    if (this.#seen.has(key)) return true;
    this.#seen.set(key, frame.channel);
    if (this.#seen.size > this.#capacity) {
      const oldest = this.#seen.keys().next();
      if (oldest.done !== true) this.#seen.delete(oldest.value);
    }
    return false;
  }

  /** Forgets a channel's messages: who subscribes anew may ask to see them again (rewind). */
  forget(channel: string): void {
    for (const [key, owner] of this.#seen) {
      if (owner === channel) this.#seen.delete(key);
    }
  }
}

// The messages that were looked at last, kept in memory: create, place and newest version, so that a mutation of a message that
// is being changed reads nothing from the disk. Bounded by number and by size.
import type { LogEntry, StoredVersion } from '@sockudo/server/ports';
import { ClockCache, type Clocked } from './clock-cache.ts';
import type { EntryMark } from './entry-columns.ts';
import type { Participant } from './group-commit.ts';

export interface Message {
  readonly create: LogEntry;
  readonly mark: EntryMark;
  /** Null: nothing has changed. */
  readonly latest: StoredVersion | null;
}

const MAX_MESSAGES = 20_000;
/** Of their texts; as many again is what the objects around them take. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Larger ones are read anew each time. */
const MAX_MESSAGE_BYTES = 256 * 1024;

interface Hot extends Clocked {
  readonly key: string;
  message: Message;
  bytes: number;
}

export class HotMessages implements Participant {
  /** As the transaction at work leaves them. */
  readonly #messages = new ClockCache<Hot>();
  #bytes = 0;

  get(channelId: number, historySerial: number): Message | null {
    return this.#messages.get(messageKey(channelId, historySerial))?.message ?? null;
  }

  /** Leaves no mark of use. */
  has(channelId: number, historySerial: number): boolean {
    return this.#messages.peek(messageKey(channelId, historySerial)) !== undefined;
  }

  /** Remembers a message as the tables have it, or as the transaction at work leaves it. */
  remember(channelId: number, message: Message): void {
    const key = messageKey(channelId, message.create.serial);
    const bytes = sizeOf(message);
    const known = this.#messages.peek(key);
    const hot = known ?? { key, message, bytes: 0, isUsed: false };
    this.#bytes += bytes - hot.bytes;
    hot.message = message;
    hot.bytes = bytes;
    if (known === undefined) this.#messages.set(key, hot);
    if (bytes > MAX_MESSAGE_BYTES) this.#delete(hot);
    while (this.#messages.size > MAX_MESSAGES || this.#bytes > MAX_BYTES) {
      // Twice round the clock finds one, whatever was used.
      const gone = this.#messages.forgetOne(2 * this.#messages.size);
      if (gone === undefined) return;
      this.#bytes -= gone.bytes;
    }
  }

  forget(channelId: number, historySerial: number): void {
    const hot = this.#messages.peek(messageKey(channelId, historySerial));
    if (hot !== undefined) this.#delete(hot);
  }

  beforeCommit(): void {}

  committed(): void {}

  synced(): void {}

  /** Some may have versions that are no more. */
  rolledBack(): void {
    this.#messages.clear();
    this.#bytes = 0;
  }

  #delete(hot: Hot): void {
    this.#messages.delete(hot.key);
    this.#bytes -= hot.bytes;
  }
}

function messageKey(channelId: number, historySerial: number): string {
  return `${channelId}:${historySerial}`;
}

function sizeOf({ create, latest }: Message): number {
  const ofVersion = latest === null ? 0 : textsOf(latest);
  return create.data.length + textsOf(create) + ofVersion;
}

function textsOf({ data, extras = '' }: { readonly data: string | null; readonly extras?: string }): number {
  return (data?.length ?? 0) + extras.length;
}

// The messages that were looked at last, kept in memory: create, place and newest version, so that a mutation of a message that
// is being changed reads nothing from the disk. Bounded by number and by size.
import type { LogEntry, StoredVersion } from '@sockudo/server/ports';
import type { EntryMark } from './entry-table.ts';
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

export class HotMessages implements Participant {
  /** The longest unused first. As the transaction at work leaves them. */
  readonly #messages = new Map<string, { readonly message: Message; readonly bytes: number }>();
  /** Changed in the transaction at work. */
  readonly #changed = new Set<string>();
  #bytes = 0;

  get(channelId: number, historySerial: number): Message | null {
    const key = messageKey(channelId, historySerial);
    const hot = this.#messages.get(key);
    if (hot === undefined) return null;
    this.#messages.delete(key);
    this.#messages.set(key, hot);
    return hot.message;
  }

  /** Remembers what the disk has. */
  remember(channelId: number, message: Message): void {
    this.#set(messageKey(channelId, message.create.serial), message);
  }

  /** Inside a transaction: the message has a new version. */
  change(channelId: number, message: Message): void {
    const key = messageKey(channelId, message.create.serial);
    this.#changed.add(key);
    this.#set(key, message);
  }

  forget(channelId: number, historySerial: number): void {
    this.#delete(messageKey(channelId, historySerial));
  }

  beforeCommit(): void {}

  committed(): void {
    this.#changed.clear();
  }

  synced(): void {}

  rolledBack(): void {
    for (const key of this.#changed) this.#delete(key);
    this.#changed.clear();
  }

  #set(key: string, message: Message): void {
    this.#delete(key);
    const bytes = sizeOf(message);
    if (bytes > MAX_MESSAGE_BYTES) return;
    this.#messages.set(key, { message, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#messages.keys()) {
      if (this.#messages.size <= MAX_MESSAGES && this.#bytes <= MAX_BYTES) return;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    const hot = this.#messages.get(key);
    if (hot === undefined) return;
    this.#bytes -= hot.bytes;
    this.#messages.delete(key);
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

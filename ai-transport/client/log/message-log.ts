/**
 * The messages of a channel as they stand, however they were read. The state after a set of entries does not depend on which of them
 * came live, resumed or from a history, nor on how often: only on the newest version of each message.
 * Must not know: runs, trees, who reads.
 *
 * Invariants
 *  L1 Versions of a message only go forward; what is not newer changes nothing.
 *  L2 A fragment adds to exactly the text before it. Fragments of a message without text wait while something is being read, and
 *     only then: whatever is read later has them in it.
 *  L3 A read that runs ahead of the live frames does not end their line: a frame that stands for several appends may begin before
 *     what was read, so its fragment is added to what the frames before it made.
 */
import type { LogEntry } from './entry.ts';
import { compareSerials, type Serial } from './serials.ts';

/** A message as it stands. */
export interface LoggedMessage extends Omit<LogEntry, 'action' | 'isWhole' | 'isRead' | 'streamId'> {
  readonly isDeleted: boolean;
  /** Of messages without a place: how they came after one another. */
  readonly arrival: number;
}

/** `text`: more of a text, all else is as it was. `structure`: anything else. */
export type LogChange = 'none' | 'text' | 'structure';

/** Messages that are kept; of more, the oldest go. */
export const MESSAGES_MAX = 10_000;
/** Fragments that wait for the text before them, and their characters. */
export const FRAGMENTS_MAX = 10_000;
export const FRAGMENT_CHARACTERS_MAX = 4 * 1024 * 1024;

export class MessageLog {
  readonly #messages = new Map<string, LoggedMessage>();
  /** What live frames alone have made of messages that were read further (L3). */
  readonly #behind = new Map<string, LoggedMessage>();
  readonly #fragments = new Map<string, LogEntry[]>();
  #fragmentCount = 0;
  #fragmentCharacters = 0;
  #reads = 0;
  #arrivals = 0;
  /** Keys in the order of creation; null after a message came or went. */
  #order: readonly string[] | null = null;
  /** Something that had to wait found no room: what is being read has to be read again. */
  hasOverflowed = false;
  /** The oldest messages were dropped for want of room. */
  wasCut = false;

  get size(): number {
    return this.#messages.size;
  }

  get(key: string): LoggedMessage | undefined {
    return this.#messages.get(key);
  }

  /** All messages in the order of their creation. */
  messages(): readonly LoggedMessage[] {
    this.#order ??= [...this.#messages.values()].sort(byPlace).map(({ key }) => key);
    return this.#order.flatMap((key) => this.#messages.get(key) ?? []);
  }

  /** Place of the oldest message; null when there is none with a place. */
  oldestPlace(): Serial | null {
    return this.messages().find(({ place }) => place !== null)?.place ?? null;
  }

  /** A reading begins: fragments that find no text wait for it. Every call needs its `readEnds`. */
  readBegins(): void {
    this.#reads += 1;
  }

  readEnds(): void {
    this.#reads -= 1;
    if (this.#reads > 0) return;
    this.#fragments.clear();
    this.#fragmentCount = 0;
    this.#fragmentCharacters = 0;
  }

  fold(entry: LogEntry): LogChange {
    const known = this.#messages.get(entry.key);
    if (known === undefined) return this.#foldFirst(entry);
    const behind = this.#behind.get(entry.key);
    if (behind !== undefined && !entry.isRead) return this.#catchUp(known, behind, entry);
    if (!isNewer(entry, known)) return 'none';
    const next = following(known, entry);
    if (entry.isRead && behind === undefined) this.#noteBehind(known);
    return this.#store(known, next);
  }

  /** Takes over messages that `messages()` gave once; what is known already stays. */
  restore(messages: Iterable<LoggedMessage>): void {
    for (const message of messages) {
      if (this.#messages.has(message.key)) continue;
      this.#arrivals += 1;
      this.#messages.set(message.key, { ...message, arrival: this.#arrivals });
    }
    this.#order = null;
    if (this.#messages.size > MESSAGES_MAX) this.#cut();
  }

  /** Folds all, oldest first, whichever way they are given. */
  foldAll(entries: Iterable<LogEntry>): LogChange {
    let change: LogChange = 'none';
    for (const entry of [...entries].sort((a, b) => comparePlaces(a.place, b.place))) {
      const made = this.fold(entry);
      if (made === 'structure' || change === 'none') change = made;
    }
    return change;
  }

  #foldFirst(entry: LogEntry): LogChange {
    if (!entry.isWhole) {
      this.#wait(entry);
      return 'none';
    }
    this.#arrivals += 1;
    let message = messageOf(entry, this.#arrivals);
    for (const fragment of this.#takeFragments(entry.key)) {
      if (isNewer(fragment, message)) message = following(message, fragment);
    }
    this.#messages.set(entry.key, message);
    this.#order = null;
    if (this.#messages.size > MESSAGES_MAX) this.#cut();
    return 'structure';
  }

  #catchUp(known: LoggedMessage, behind: LoggedMessage, entry: LogEntry): LogChange {
    if (!isNewer(entry, behind)) return 'none';
    const next = following(behind, entry);
    if (next.version < known.version) {
      this.#behind.set(entry.key, next);
      return 'none';
    }
    this.#behind.delete(entry.key);
    return next.version === known.version ? 'none' : this.#store(known, next);
  }

  /** Only of messages that are still written to: their number is bounded by the server. */
  #noteBehind(known: LoggedMessage): void {
    if (known.text !== undefined && known.transport.status === 'streaming')
      this.#behind.set(known.key, known);
  }

  #store(known: LoggedMessage, next: LoggedMessage): LogChange {
    this.#messages.set(known.key, next);
    return isOnlyText(known, next) ? 'text' : 'structure';
  }

  #wait(entry: LogEntry): void {
    if (this.#reads === 0) return;
    const characters = entry.text?.length ?? 0;
    if (
      this.#fragmentCount >= FRAGMENTS_MAX ||
      this.#fragmentCharacters + characters > FRAGMENT_CHARACTERS_MAX
    ) {
      this.hasOverflowed = true;
      return;
    }
    this.#fragmentCount += 1;
    this.#fragmentCharacters += characters;
    const waiting = this.#fragments.get(entry.key);
    if (waiting === undefined) this.#fragments.set(entry.key, [entry]);
    else waiting.push(entry);
  }

  #takeFragments(key: string): readonly LogEntry[] {
    const waiting = this.#fragments.get(key) ?? [];
    this.#fragments.delete(key);
    this.#fragmentCount -= waiting.length;
    for (const { text } of waiting) this.#fragmentCharacters -= text?.length ?? 0;
    return waiting;
  }

  /** A tenth at a time, so that it is not done for every message. */
  #cut(): void {
    const kept = this.messages().slice(Math.ceil(MESSAGES_MAX / 10));
    this.#messages.clear();
    for (const message of kept) this.#messages.set(message.key, message);
    for (const key of this.#behind.keys()) if (!this.#messages.has(key)) this.#behind.delete(key);
    this.#order = null;
    this.wasCut = true;
  }
}

/** Messages without versions never change. */
const isNewer = (entry: LogEntry, known: LoggedMessage): boolean => entry.version > known.version;

function messageOf(entry: LogEntry, arrival: number): LoggedMessage {
  const { isWhole: _, isRead: __, streamId: ___, action, ...message } = entry;
  return { ...message, isDeleted: action === 'delete', arrival };
}

function following(known: LoggedMessage, entry: LogEntry): LoggedMessage {
  const next = messageOf(entry, known.arrival);
  const { messageId = known.messageId, atMs = known.atMs, place } = next;
  const text = entry.isWhole ? entry.text : `${known.text ?? ''}${entry.text ?? ''}`;
  return {
    ...next,
    event: next.event === '' ? known.event : next.event,
    place: known.place ?? place,
    ...(messageId !== undefined && { messageId }),
    ...(atMs !== undefined && { atMs }),
    ...(text !== undefined && { text }),
  };
}

function isOnlyText(known: LoggedMessage, next: LoggedMessage): boolean {
  return (
    next.isDeleted === known.isDeleted &&
    next.event === known.event &&
    areEqual(known.transport, next.transport) &&
    areEqual(known.codec, next.codec)
  );
}

function areEqual(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** What has no place comes last. */
export function comparePlaces(a: Serial | null, b: Serial | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return compareSerials(a, b);
}

function byPlace(a: LoggedMessage, b: LoggedMessage): number {
  return comparePlaces(a.place, b.place) || a.arrival - b.arrival;
}

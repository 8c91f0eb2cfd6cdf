// The plain lists that the property of message-log.contract-model.ts compares a log with. Every answer is worked out by looking at
// all there ever was, in no way as a driver does.
import { formatVersionSerial } from '@sockudo/protocol';
import type { ChannelKey, Retention, StreamState } from './channel-log.ts';
import type { MutationAction, Projection } from './message-log.ts';

export interface ListedVersion {
  readonly serial: number;
  readonly atMs: number;
  readonly action: MutationAction;
  readonly data: string | null;
  readonly event: string;
  /** Version serial; known once the log has answered. */
  text: string;
}

export interface ListedNote {
  readonly serial: number;
  readonly atMs: number;
  readonly type: string;
  readonly target: ListedNote | null;
  readonly timestampMs: number;
  /** Annotation serial; known once the log has answered. */
  text: string;
}

export class ListedMessage {
  readonly serial: number;
  readonly atMs: number;
  readonly data: string;
  readonly isMutable: boolean;
  readonly versions: ListedVersion[] = [];
  readonly notes: ListedNote[] = [];
  isInHistory = true;
  isGone = false;
  /** Message serial; known once the log has answered. */
  text = '';

  constructor(serial: number, atMs: number, data: string, isMutable: boolean) {
    this.serial = serial;
    this.atMs = atMs;
    this.data = data;
    this.isMutable = isMutable;
  }

  /** The event has one byte, the creator's id two. */
  get bytes(): number {
    const place = { timestampMs: 0, nodeId: 'node-1', historySerial: this.serial, counter: 0 };
    const ofSerial = this.isMutable ? formatVersionSerial(place).length : 0;
    return 1 + Buffer.byteLength(this.data) + ofSerial + 2;
  }

  get newestAtMs(): number {
    return this.versions.at(-1)?.atMs ?? this.atMs;
  }

  get event(): string {
    return this.versions.at(-1)?.event ?? 'e';
  }

  /** JSON text of the whole data as of the first `count` versions. */
  whole(count = this.versions.length): string | null {
    let whole: string | null = this.data;
    for (const { action, data } of this.versions.slice(0, count)) {
      if (action !== 'append' || whole === null) whole = data;
      else whole = JSON.stringify(JSON.parse(whole) + JSON.parse(data ?? '""'));
    }
    return whole;
  }

  takerOf(note: ListedNote): ListedNote | undefined {
    return this.notes.find(({ target }) => target === note);
  }

  /** What a type adds up to; null: no event of it. */
  sumOf(type: string): string | null {
    const ofType = this.notes.filter((note) => note.type === type);
    if (ofType.length === 0) return null;
    return String(ofType.reduce((sum, { target }) => sum + (target === null ? 1 : -1), 0));
  }
}

export class ListedChannel {
  readonly key: ChannelKey;
  /** After a reset, known once the log has answered. */
  streamId: Promise<string>;
  head = 0;
  lastMs = 0;
  /** Every create of the stream, oldest first. */
  messages: ListedMessage[] = [];
  /** Of streams that were reset. */
  readonly earlier: ListedMessage[] = [];
  #retention: Retention = {};
  #sinceMs = 0;

  constructor(key: ChannelKey, streamId: string) {
    this.key = key;
    this.streamId = Promise.resolve(streamId);
  }

  get history(): ListedMessage[] {
    return this.messages.filter(({ isInHistory }) => isInHistory);
  }

  isKnown(message: ListedMessage): boolean {
    return message.isMutable && !message.isGone && this.messages.includes(message);
  }

  /** What retention does by this moment. */
  age(nowMs: number): void {
    const { ageMs = Number.POSITIVE_INFINITY, messages = Number.POSITIVE_INFINITY } = this.#retention;
    const { bytes = Number.POSITIVE_INFINITY } = this.#retention;
    for (const message of this.history) {
      if (message.atMs < nowMs - ageMs || this.history.length > messages || bytesOf(this.history) > bytes) {
        message.isInHistory = false;
      }
    }
    const sinceMs = Math.max(this.#sinceMs, keptFrom(this.#retention, nowMs));
    for (const message of this.messages) {
      if (message.isInHistory || message.isGone) continue;
      message.isGone = !message.isMutable || message.newestAtMs < sinceMs;
    }
  }

  create(given: { data: string; isMutable: boolean }, retention: Retention, nowMs: number): ListedMessage {
    const place = this.#enter(retention, nowMs);
    const message = new ListedMessage(place.serial, place.atMs, given.data, given.isMutable);
    this.messages.push(message);
    return message;
  }

  addVersion(
    message: ListedMessage,
    given: Pick<ListedVersion, 'action' | 'data' | 'event'>,
    retention: Retention,
    nowMs: number,
  ): ListedVersion {
    const version = { ...given, ...this.#enter(retention, nowMs), text: '' };
    message.versions.push(version);
    return version;
  }

  addNote(
    message: ListedMessage,
    given: Pick<ListedNote, 'type' | 'target' | 'timestampMs'>,
    retention: Retention,
    nowMs: number,
  ): ListedNote {
    const note = { ...given, ...this.#enter(retention, nowMs), text: '' };
    message.notes.push(note);
    return note;
  }

  purge(belowSerial: number, belowMs: number): { messages: number; bytes: number } {
    const removed = this.messages.filter(({ serial, atMs }) => serial < belowSerial && atMs < belowMs);
    const ofHistory = removed.filter(({ isInHistory }) => isInHistory);
    for (const message of removed) {
      message.isInHistory = false;
      message.isGone = true;
    }
    return { messages: ofHistory.length, bytes: bytesOf(ofHistory) };
  }

  reset(streamId: Promise<string>): void {
    this.earlier.push(...this.messages);
    this.messages = [];
    this.streamId = streamId;
    this.head = 0;
    this.lastMs = 0;
    this.#retention = {};
    this.#sinceMs = 0;
  }

  state(): Omit<StreamState, 'head'> {
    const { history } = this;
    return {
      oldestSerial: history[0]?.serial ?? null,
      newestSerial: history.at(-1)?.serial ?? null,
      oldestPublishedAtMs: history[0]?.atMs ?? null,
      newestPublishedAtMs: history.at(-1)?.atMs ?? null,
      messages: history.length,
      bytes: bytesOf(history),
    };
  }

  projections(): Projection[] {
    return this.messages
      .filter((message) => this.isKnown(message))
      .toReversed()
      .flatMap((message) =>
        ['x', 'y'].flatMap((type) => {
          const state = message.sumOf(type);
          return state === null ? [] : [{ messageSerial: message.text, type, state }];
        }),
      );
  }

  /** What a replay shows of a serial, but for its stream; null: it is gone. */
  at(serial: number): object | null {
    for (const message of this.messages) {
      if (message.serial === serial) return message.isInHistory ? this.createOf(message) : null;
      if (!this.isKnown(message)) continue;
      const index = message.versions.findIndex((version) => version.serial === serial);
      if (index >= 0) return this.versionOf(message, index);
      const note = message.notes.find((candidate) => candidate.serial === serial);
      if (note !== undefined) return this.noteOf(message, note);
    }
    return null;
  }

  createOf(message: ListedMessage): object {
    return {
      key: this.key,
      event: 'e',
      data: message.data,
      publishedAtMs: message.atMs,
      creatorId: 'me',
      serial: message.serial,
      ...(message.isMutable && { messageSerial: message.text }),
    };
  }

  versionOf(message: ListedMessage, index: number): object {
    const version = message.versions[index];
    if (version === undefined) throw new Error('no such version');
    return {
      kind: 'version',
      key: this.key,
      serial: version.serial,
      publishedAtMs: version.atMs,
      action: version.action,
      messageSerial: message.text,
      versionSerial: version.text,
      historySerial: message.serial,
      event: version.event,
      data: version.data,
      userId: 'editor',
      creatorId: 'me',
      whole: message.whole(index + 1),
    };
  }

  noteOf(message: ListedMessage, note: ListedNote): object {
    return {
      kind: 'annotation',
      key: this.key,
      serial: note.serial,
      publishedAtMs: note.atMs,
      record: recordOf(message, note),
    };
  }

  stateOf(message: ListedMessage): object {
    const latest = message.versions.at(-1);
    const data = message.whole();
    return {
      messageSerial: message.text,
      versionSerial: latest?.text ?? message.text,
      historySerial: message.serial,
      deliverySerial: latest?.serial ?? message.serial,
      action: latest?.action ?? 'create',
      event: message.event,
      creatorId: 'me',
      createdAtMs: message.atMs,
      versionAtMs: message.newestAtMs,
      dataKind: data === null ? 'none' : data.startsWith('"') ? 'string' : 'other',
      dataBytes: Buffer.byteLength(data ?? ''),
      appendCount: message.versions.filter(({ action }) => action === 'append').length,
      data,
      ...(latest !== undefined && { userId: 'editor' }),
    };
  }

  #enter(retention: Retention, nowMs: number): { serial: number; atMs: number } {
    if (JSON.stringify(retention) !== JSON.stringify(this.#retention)) {
      const keptFromMs = keptFrom(this.#retention, nowMs);
      if (keptFromMs < Number.POSITIVE_INFINITY) this.#sinceMs = Math.max(this.#sinceMs, keptFromMs);
      this.#retention = retention;
    }
    this.head += 1;
    this.lastMs = Math.max(this.lastMs, nowMs);
    return { serial: this.head, atMs: this.lastMs };
  }
}

/** The record of an annotation as it was made. */
export function recordOf(message: ListedMessage, note: ListedNote): object {
  const common = {
    messageSerial: message.text,
    timestampMs: note.timestampMs,
    annotationSerial: note.text,
    type: note.type,
  };
  return note.target === null
    ? { ...common, action: 'annotation.create', id: note.text }
    : { ...common, action: 'annotation.delete', targetSerial: note.target.text };
}

function bytesOf(messages: readonly ListedMessage[]): number {
  return messages.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Newest versions at least this young keep their messages; without any age nothing does. */
function keptFrom({ versionsAgeMs, ageMs }: Retention, nowMs: number): number {
  const keptMs = versionsAgeMs ?? ageMs;
  return keptMs === undefined ? Number.POSITIVE_INFINITY : nowMs - keptMs;
}

// What happened to the messages of one channel in memory: versions, annotations and their projections, by message and in the
// order of the channel's number line. Whoever owns the creates decides when a message is forgotten.
import type { LogEntry } from '../ports/channel-log.ts';
import type { AnnotationEntry, AnnotationRecord, Projection, VersionEntry } from '../ports/message-log.ts';
import { type DrawnVersion, MessageRecord } from './message-record.ts';

export interface Change {
  /** Serial of the message's create. */
  readonly historySerial: number;
  readonly entry: VersionEntry | AnnotationEntry;
}

interface ChangedMessage {
  readonly record: MessageRecord;
  readonly annotations: AnnotationRecord[];
  /** By type. */
  readonly projections: Map<string, string>;
  /** What took an annotation back, by the annotation's serial. */
  readonly deletedBy: Map<string, string>;
  bytes: number;
}

interface Place {
  readonly historySerial: number;
  readonly record: AnnotationRecord;
}

/** What a change takes beside its texts, roughly. */
const OVERHEAD_BYTES = 256;
/** Below this, forgotten changes in the line are not worth a copy. */
const COMPACT_AT = 64;

export class Changes {
  /** Rough size of all that is held. */
  bytes = 0;
  /** By serial, ascending; those of forgotten messages stay until they are many. */
  #line: Change[] = [];
  #forgotten = 0;
  readonly #messages = new Map<number, ChangedMessage>();
  readonly #annotations = new Map<string, Place>();

  /** The message as it stands; made anew for one that has not changed. */
  recordOf(create: LogEntry): MessageRecord {
    return this.#messages.get(create.serial)?.record ?? new MessageRecord(create);
  }

  addVersion(create: LogEntry, version: DrawnVersion): void {
    const message = this.#open(create);
    message.record.add(version);
    const { data, extras = '', metadata = '' } = version.entry;
    this.#add(message, version.entry, (data?.length ?? 0) + extras.length + metadata.length);
  }

  addAnnotation(create: LogEntry, entry: AnnotationEntry, projection: string): void {
    const message = this.#open(create);
    const { record } = entry;
    const { type, annotationSerial, targetSerial, data = '' } = record;
    message.annotations.push(record);
    if (targetSerial !== undefined) message.deletedBy.set(targetSerial, annotationSerial);
    const before = message.projections.get(type)?.length ?? 0;
    message.projections.set(type, projection);
    this.#annotations.set(annotationSerial, { historySerial: create.serial, record });
    this.#add(message, entry, data.length + projection.length - before);
  }

  annotationsOf(historySerial: number): readonly AnnotationRecord[] {
    const message = this.#messages.get(historySerial);
    return message === undefined ? [] : message.annotations.map((record) => shown(message, record));
  }

  newestAnnotationOf(historySerial: number): string | undefined {
    return this.#messages.get(historySerial)?.annotations.at(-1)?.annotationSerial;
  }

  /** An annotation, and the serial of its message's create. */
  annotation(annotationSerial: string): Place | null {
    const place = this.#annotations.get(annotationSerial);
    const message = place === undefined ? undefined : this.#messages.get(place.historySerial);
    if (place === undefined || message === undefined) return null;
    return { historySerial: place.historySerial, record: shown(message, place.record) };
  }

  projection(historySerial: number, type: string): string | null {
    return this.#messages.get(historySerial)?.projections.get(type) ?? null;
  }

  /** Newest message first, then by type. */
  projections(limit: number, isKnown: (historySerial: number) => boolean): readonly Projection[] {
    const found: Projection[] = [];
    for (const serial of [...this.#messages.keys()].sort((one, other) => other - one)) {
      if (found.length >= limit) break;
      const message = this.#messages.get(serial);
      if (message === undefined || message.projections.size === 0 || !isKnown(serial)) continue;
      const messageSerial = message.record.create.messageSerial ?? '';
      for (const type of [...message.projections.keys()].sort()) {
        found.push({ messageSerial, type, state: message.projections.get(type) ?? '' });
      }
    }
    return found.slice(0, limit);
  }

  /** Changes with serials from `low` to `high`, oldest first. */
  between(low: number, high: number): readonly Change[] {
    return this.#line.slice(this.#indexFrom(low), this.#indexFrom(high + 1));
  }

  /** All that belongs to a create is gone. */
  forget(historySerial: number): void {
    const message = this.#messages.get(historySerial);
    if (message === undefined) return;
    this.#messages.delete(historySerial);
    for (const { annotationSerial } of message.annotations) this.#annotations.delete(annotationSerial);
    this.bytes -= message.bytes;
    this.#forgotten += message.record.versions.length + message.annotations.length;
    if (this.#forgotten < COMPACT_AT || this.#forgotten * 2 < this.#line.length) return;
    this.#line = this.#line.filter((change) => this.#messages.has(change.historySerial));
    this.#forgotten = 0;
  }

  #open(create: LogEntry): ChangedMessage {
    const known = this.#messages.get(create.serial);
    if (known !== undefined) return known;
    const message: ChangedMessage = {
      record: new MessageRecord(create),
      annotations: [],
      projections: new Map(),
      deletedBy: new Map(),
      bytes: 0,
    };
    this.#messages.set(create.serial, message);
    return message;
  }

  #add(message: ChangedMessage, entry: Change['entry'], textBytes: number): void {
    this.#line.push({ historySerial: message.record.create.serial, entry });
    message.bytes += OVERHEAD_BYTES + textBytes;
    this.bytes += OVERHEAD_BYTES + textBytes;
  }

  #indexFrom(serial: number): number {
    let low = 0;
    let high = this.#line.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#line[middle]?.entry.serial ?? 0) < serial) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function shown({ deletedBy }: ChangedMessage, record: AnnotationRecord): AnnotationRecord {
  const taker = deletedBy.get(record.annotationSerial);
  return taker === undefined ? record : { ...record, deletedBy: taker };
}

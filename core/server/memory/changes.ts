// What happened to the messages of one channel in memory: versions, annotations and their projections, in the order of the
// channel's number line. What is purged or past its retention goes with its message.

import type { LogEntry } from '../ports/channel-log.ts';
import type { AnnotationEntry, AnnotationRecord, Projection, VersionEntry } from '../ports/message-log.ts';
import { MessageRecord } from './message-record.ts';

type Change = VersionEntry | AnnotationEntry;

interface Annotations {
  readonly messageSerial: string;
  readonly records: AnnotationRecord[];
  /** By type. */
  readonly projections: Map<string, string>;
  /** What took an annotation back, by the annotation's serial. */
  readonly deletedBy: Map<string, string>;
}

export class Changes {
  /** By serial, ascending. */
  #changes: Change[] = [];
  /** Messages that have changed, by the serial of their create. */
  readonly #records = new Map<number, MessageRecord>();
  readonly #annotations = new Map<number, Annotations>();
  /** No change belongs to a create below this serial. */
  #lowest = Number.POSITIVE_INFINITY;

  /** The message as it stands; made anew for one that has not changed. */
  recordOf(create: LogEntry, messageSerial: string): MessageRecord {
    return this.#records.get(create.serial) ?? new MessageRecord(create, messageSerial);
  }

  changedRecord(historySerial: number): MessageRecord | null {
    return this.#records.get(historySerial) ?? null;
  }

  addVersion(record: MessageRecord, version: VersionEntry): void {
    this.#records.set(record.create.serial, record);
    this.#lowest = Math.min(this.#lowest, record.create.serial);
    record.add(version);
    this.#changes.push(version);
  }

  addAnnotation(historySerial: number, entry: AnnotationEntry, projection: string): void {
    const { record } = entry;
    let annotations = this.#annotations.get(historySerial);
    if (annotations === undefined) {
      annotations = {
        messageSerial: record.messageSerial,
        records: [],
        projections: new Map(),
        deletedBy: new Map(),
      };
      this.#annotations.set(historySerial, annotations);
      this.#lowest = Math.min(this.#lowest, historySerial);
    }
    annotations.records.push(record);
    if (record.targetSerial !== undefined) {
      annotations.deletedBy.set(record.targetSerial, record.annotationSerial);
    }
    annotations.projections.set(record.type, projection);
    this.#changes.push(entry);
  }

  annotationsOf(historySerial: number): readonly AnnotationRecord[] {
    return this.#annotations.get(historySerial)?.records ?? [];
  }

  annotation(annotationSerial: string): AnnotationRecord | null {
    for (const { records, deletedBy } of this.#annotations.values()) {
      const record = records.find((candidate) => candidate.annotationSerial === annotationSerial);
      if (record === undefined) continue;
      const taker = deletedBy.get(annotationSerial);
      return taker === undefined ? record : { ...record, deletedBy: taker };
    }
    return null;
  }

  projection(historySerial: number, type: string): string | null {
    return this.#annotations.get(historySerial)?.projections.get(type) ?? null;
  }

  /** Newest message first. */
  projections(limit: number): readonly Projection[] {
    const serials = [...this.#annotations.keys()].sort((a, b) => b - a);
    const projections = serials.flatMap((serial) => {
      const annotations = this.#annotations.get(serial);
      if (annotations === undefined) return [];
      const { messageSerial } = annotations;
      return [...annotations.projections].map(([type, state]) => ({ messageSerial, type, state }));
    });
    return projections.slice(0, limit);
  }

  /** Changes strictly after a serial, oldest first. */
  after(serial: number, limit: number): readonly Change[] {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle]?.serial ?? 0) <= serial) low = middle + 1;
      else high = middle;
    }
    return this.#changes.slice(low, low + limit);
  }

  /** Forgets all that belongs to creates below a serial: they are gone. */
  forgetBelow(historySerial: number): void {
    if (historySerial <= this.#lowest) return;
    for (const serial of this.#records.keys()) if (serial < historySerial) this.#records.delete(serial);
    for (const serial of this.#annotations.keys())
      if (serial < historySerial) this.#annotations.delete(serial);
    this.#lowest = Math.min(...this.#records.keys(), ...this.#annotations.keys());
    const kept = new Set([...this.#annotations.values()].flatMap(({ records }) => records));
    this.#changes = this.#changes.filter((change) =>
      change.kind === 'version' ? change.historySerial >= historySerial : kept.has(change.record),
    );
  }
}

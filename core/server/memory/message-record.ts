// One message in memory: its create, its versions, and its text as a base with fragments, so that an append costs the same
// however long the text has become.
import type { LogEntry } from '../ports/channel-log.ts';
import type { MessageState, VersionDraft, VersionEntry } from '../ports/message-log.ts';

/** Whole data and what was appended to it; an update starts a new one. Versions share it and remember how far they saw. */
interface TextRun {
  readonly base: string | null;
  readonly fragments: string[];
}

export class MessageRecord {
  readonly create: LogEntry;
  readonly messageSerial: string;
  readonly versions: VersionEntry[] = [];
  #run: TextRun;
  #dataBytes: number;
  #appendCount = 0;

  constructor(create: LogEntry, messageSerial: string) {
    this.create = create;
    this.messageSerial = messageSerial;
    this.#run = { base: create.data, fragments: [] };
    this.#dataBytes = Buffer.byteLength(create.data);
  }

  state(): MessageState {
    const { create } = this;
    const latest = this.versions.at(-1);
    const run = this.#run;
    const count = run.fragments.length;
    const extras = latest === undefined ? create.extras : latest.extras;
    const { userId = undefined, description = undefined, metadata = undefined } = latest ?? {};
    return {
      messageSerial: this.messageSerial,
      versionSerial: latest?.versionSerial ?? this.messageSerial,
      historySerial: create.serial,
      deliverySerial: latest?.serial ?? create.serial,
      action: latest?.action ?? 'create',
      event: latest === undefined ? create.event : latest.event,
      createdAtMs: create.publishedAtMs,
      versionAtMs: latest?.publishedAtMs ?? create.publishedAtMs,
      dataKind: run.base === null ? 'none' : run.base.startsWith('"') ? 'string' : 'other',
      dataBytes: this.#dataBytes,
      appendCount: this.#appendCount,
      data: () => joined(run, count),
      ...(extras !== undefined && { extras }),
      ...(create.tags !== undefined && { tags: create.tags }),
      ...(create.messageId !== undefined && { messageId: create.messageId }),
      ...(create.creatorId !== undefined && { creatorId: create.creatorId }),
      ...(userId !== undefined && { userId }),
      ...(description !== undefined && { description }),
      ...(metadata !== undefined && { metadata }),
    };
  }

  /** The version that a draft becomes. Nothing is stored. */
  draw(
    draft: VersionDraft,
    place: { serial: number; publishedAtMs: number; versionSerial: string },
  ): VersionEntry {
    const { create, messageSerial } = this;
    const isAppend = draft.action === 'append';
    const run: TextRun = isAppend ? this.#run : { base: draft.data, fragments: [] };
    const count = isAppend ? run.fragments.length + 1 : 0;
    return {
      kind: 'version',
      key: create.key,
      streamId: create.streamId,
      ...place,
      ...draft,
      messageSerial,
      historySerial: create.serial,
      ...(create.tags !== undefined && { tags: create.tags }),
      ...(create.creatorId !== undefined && { creatorId: create.creatorId }),
      ...(create.messageId !== undefined && { messageId: create.messageId }),
      whole: () => joined(run, count),
    };
  }

  add(version: VersionEntry): void {
    this.versions.push(version);
    const bytes = version.data === null ? 0 : Buffer.byteLength(version.data);
    if (version.action === 'append') {
      this.#appendCount += 1;
      // The quotes of the fragment go.
      this.#dataBytes += bytes - 2;
      this.#run.fragments.push(version.data ?? '""');
    } else {
      this.#run = { base: version.data, fragments: [] };
      this.#dataBytes = bytes;
    }
  }
}

/** Joins JSON texts of strings by what stands between their quotes. */
function joined({ base, fragments }: TextRun, count: number): string | null {
  if (base === null || count === 0) return base;
  let text = base.slice(0, -1);
  for (let i = 0; i < count; i += 1) text += fragments[i]?.slice(1, -1) ?? '';
  return `${text}"`;
}

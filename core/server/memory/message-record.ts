// The versions of one message in memory, and its text as a base with fragments, so that an append costs the same however long
// the text has become.
import type { LogEntry } from '../ports/channel-log.ts';
import type { MessageState, VersionDraft, VersionEntry } from '../ports/message-log.ts';
import {
  joinFragments,
  messageStateOf,
  nextVersion,
  type StoredVersion,
  type VersionPlace,
  versionEntryOf,
} from '../ports/message-rules.ts';

/** Whole data and what was appended to it; an update starts a new one. Versions share it and remember how far they saw. */
interface TextRun {
  readonly base: string | null;
  readonly fragments: string[];
}

/** A version that may be added to its message. */
export interface DrawnVersion {
  readonly entry: VersionEntry;
  readonly stored: StoredVersion;
  readonly run: TextRun;
}

export class MessageRecord {
  readonly create: LogEntry;
  readonly versions: VersionEntry[] = [];
  #latest: StoredVersion | null = null;
  #run: TextRun;

  constructor(create: LogEntry) {
    this.create = create;
    this.#run = { base: create.data, fragments: [] };
  }

  get versionAtMs(): number {
    return this.#latest?.publishedAtMs ?? this.create.publishedAtMs;
  }

  state(): MessageState {
    const run = this.#run;
    const count = run.fragments.length;
    return messageStateOf(this.create, this.#latest, () => textOf(run, count));
  }

  /** The version that a draft becomes. Nothing is stored. */
  draw(draft: VersionDraft, place: VersionPlace): DrawnVersion {
    const stored = nextVersion(this.create, this.#latest, draft, place);
    const run = draft.action === 'append' ? this.#run : { base: draft.data, fragments: [] };
    const count = draft.action === 'append' ? run.fragments.length + 1 : 0;
    return { entry: versionEntryOf(this.create, stored, () => textOf(run, count)), stored, run };
  }

  add({ entry, stored, run }: DrawnVersion): void {
    this.versions.push(entry);
    this.#latest = stored;
    this.#run = run;
    if (stored.action === 'append') run.fragments.push(stored.data ?? '""');
  }
}

function textOf({ base, fragments }: TextRun, count: number): string | null {
  return base === null ? null : joinFragments(base, fragments.slice(0, count));
}

// Removes the rows of one channel that are no longer to be seen, a bounded number at a time: creates beyond the history, with the
// versions, annotations and projections of messages that have outlived their versions' retention, too; and all records of a channel
// that was reset. Knows no schedule.
import { versionsKeptFromMs } from '@sockudo/server/ports';
import type { AnnotationTable } from './annotation-table.ts';
import type { Channel, ChannelTable } from './channel-table.ts';
import type { EntrySize, EntryTable } from './entry-table.ts';
import type { HotMessages } from './hot-messages.ts';
import type { LogView } from './log-view.ts';
import type { RecentVersions } from './recent-versions.ts';
import type { RecordTable } from './record-table.ts';
import type { VersionTable } from './version-table.ts';

export interface RowRemovalOptions {
  readonly channels: ChannelTable;
  readonly entries: EntryTable;
  readonly versions: VersionTable;
  readonly recentVersions: RecentVersions;
  readonly annotations: AnnotationTable;
  readonly records: RecordTable;
  readonly hot: HotMessages;
  readonly view: LogView;
  readonly now: () => number;
}

/** What a step has done, and the serial from which the next one goes on; null: there is nothing more to remove. */
export interface RemovalStep {
  readonly messages: number;
  readonly bytes: number;
  readonly rows: number;
  readonly next: number | null;
}

/** Serials of creates: from the first to before the second. */
interface Range {
  readonly from: number;
  readonly until: number;
}

interface Run extends Range {
  until: number;
  readonly entries: EntrySize[];
  hasChanges: boolean;
}

const NOTHING = { messages: 0, bytes: 0 };

type Verdict = 'gone' | 'gone-with-changes' | 'kept' | 'kept-with-all-later';

export class RowRemoval {
  readonly #options: RowRemovalOptions;

  constructor(options: RowRemovalOptions) {
    this.#options = options;
  }

  /** Whether a channel has rows to remove. */
  hasSurplus(id: number, channel: Channel | null): boolean {
    const { entries, versions, annotations, records } = this.#options;
    const { floor, purgedBelow } = this.#boundsOf(channel);
    const isBelow = (serial: number | null, bound: number): boolean => serial !== null && serial < bound;
    return (
      isBelow(entries.firstSettled(id), floor) ||
      isBelow(versions.firstMessage(id), purgedBelow) ||
      isBelow(annotations.firstMessage(id), purgedBelow) ||
      (channel === null && records.hasAny(id))
    );
  }

  /** Whether the channel has no rows at all. */
  isEmpty(id: number): boolean {
    const { entries, versions, annotations, records } = this.#options;
    return (
      entries.firstSettled(id) === null &&
      !entries.hasRecent(id) &&
      versions.firstMessage(id) === null &&
      !versions.hasRecent(id) &&
      annotations.firstMessage(id) === null &&
      !records.hasAny(id)
    );
  }

  /**
   * Inside a transaction: looks at creates from a serial on and removes what has to go, about `limit` rows at most.
   *
   * @param channel null: the channel was reset, all of it goes
   */
  step(id: number, channel: Channel | null, from: number, limit: number): RemovalStep {
    const { entries, records } = this.#options;
    const { floor, purgedBelow } = this.#boundsOf(channel);
    let left = limit - (channel === null ? records.remove(id, limit) : 0);
    // Also of creates that never came to their place.
    if (left > 0) left -= this.#removeChanges(id, { from: 0, until: purgedBelow }, left);
    if (left <= 0) return { ...NOTHING, rows: limit, next: from };
    const candidates = entries.sizes(id, from, floor, left);
    const { runs, isLast } = runsOf(candidates, this.#judge(id, channel, candidates, purgedBelow));
    const end = candidates.at(-1)?.serial ?? floor;
    let next = isLast || candidates.length < left ? null : end + 1;
    let { messages, bytes } = NOTHING;
    for (const run of runs) {
      if (run.hasChanges) left -= this.#removeChanges(id, run, left);
      if (left <= 0) {
        next = run.from;
        break;
      }
      this.#removeEntries(id, channel, run);
      messages += run.entries.length;
      bytes += run.entries.reduce((sum, entry) => sum + entry.bytes, 0);
    }
    return { messages, bytes, rows: limit - left + candidates.length, next };
  }

  /** What is to become of creates; asks once for all of them. */
  #judge(
    id: number,
    channel: Channel | null,
    candidates: readonly EntrySize[],
    purgedBelow: number,
  ): (candidate: EntrySize) => Verdict {
    const { versions, recentVersions, annotations, now } = this.#options;
    const messages = candidates.filter(({ serial, isMessage }) => isMessage && serial >= purgedBelow);
    const first = messages[0];
    const last = messages.at(-1);
    // What was purged has no changes left.
    if (channel === null || first === undefined || last === undefined) return () => 'gone';
    const { assigned } = channel;
    const sinceMs = Math.max(assigned.versionsSinceMs, versionsKeptFromMs(assigned.retention, now()));
    const latest = versions.latestOfEach(id, first.serial, last.serial);
    const annotated = annotations.messagesBetween(id, first.serial, last.serial);
    return ({ serial, publishedAtMs, isMessage }) => {
      if (!isMessage || serial < purgedBelow) return 'gone';
      // A plain entry behind a young message waits for that one: most channels have one kind only.
      if (publishedAtMs >= sinceMs) return 'kept-with-all-later';
      // Versions that are still to come to their place would come to nothing.
      if (recentVersions.ofMessage(id, serial).length > 0) return 'kept';
      const newest = latest.get(serial);
      if (newest !== undefined && newest.publishedAtMs >= sinceMs) return 'kept';
      return newest !== undefined || annotated.has(serial) ? 'gone-with-changes' : 'gone';
    };
  }

  /** Removes versions, annotations and projections of some messages, `limit` rows at most; fewer: all of them are gone. */
  #removeChanges(id: number, { from, until }: Range, limit: number): number {
    const { versions, annotations } = this.#options;
    const removed = versions.remove(id, from, until, limit);
    return removed < limit ? removed + annotations.remove(id, from, until, limit - removed) : removed;
  }

  #removeEntries(id: number, channel: Channel | null, { from, until, entries }: Run): void {
    const { channels, hot } = this.#options;
    for (const { serial, isMessage } of entries) if (isMessage) hot.forget(id, serial);
    this.#options.entries.remove(id, from, until);
    // What lies below a removed create must not come back, whatever the clock does.
    if (channel === null || channel.assigned.oldestSerial >= until) return;
    channels.assign(channel, { ...channel.assigned, oldestSerial: until });
  }

  #boundsOf(channel: Channel | null): { floor: number; purgedBelow: number } {
    if (channel === null) return { floor: Number.MAX_SAFE_INTEGER, purgedBelow: Number.MAX_SAFE_INTEGER };
    const floor = Math.max(this.#options.view.visibleFloor(channel), channel.assigned.oldestSerial);
    return { floor, purgedBelow: channel.assigned.purgedBelow };
  }
}

/** Puts creates together that go and have none between them that is kept. `isLast`: all later ones are kept. */
function runsOf(
  candidates: readonly EntrySize[],
  verdictOf: (candidate: EntrySize) => Verdict,
): { readonly runs: readonly Run[]; readonly isLast: boolean } {
  const runs: Run[] = [];
  let run: Run | null = null;
  for (const candidate of candidates) {
    const verdict = verdictOf(candidate);
    if (verdict === 'kept-with-all-later') return { runs, isLast: true };
    if (verdict === 'kept') {
      run = null;
      continue;
    }
    if (run === null) {
      run = { from: candidate.serial, until: 0, entries: [], hasChanges: false };
      runs.push(run);
    }
    run.until = candidate.serial + 1;
    run.entries.push(candidate);
    run.hasChanges ||= verdict === 'gone-with-changes';
  }
  return { runs, isLast: false };
}

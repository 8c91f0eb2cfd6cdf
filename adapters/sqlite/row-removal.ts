// Removes the rows of one channel that are no longer to be seen, a bounded number at a time: creates beyond the history, with the
// versions, annotations and projections of messages that have outlived their versions' retention, too. Knows no schedule.
import { versionsKeptFromMs } from '@sockudo/server/ports';
import type { AnnotationTable } from './annotation-table.ts';
import type { Channel, ChannelTable } from './channel-table.ts';
import type { EntrySize, EntryTable } from './entry-table.ts';
import type { HotMessages } from './hot-messages.ts';
import type { LogView } from './log-view.ts';
import type { RecentVersions } from './recent-versions.ts';
import type { VersionTable } from './version-table.ts';

export interface RowRemovalOptions {
  readonly channels: ChannelTable;
  readonly entries: EntryTable;
  readonly versions: VersionTable;
  readonly recentVersions: RecentVersions;
  readonly annotations: AnnotationTable;
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

export class RowRemoval {
  readonly #options: RowRemovalOptions;

  constructor(options: RowRemovalOptions) {
    this.#options = options;
  }

  /** Whether a channel has rows to remove. */
  hasSurplus(id: number, channel: Channel | null): boolean {
    const { entries, versions, annotations } = this.#options;
    const { floor, purgedBelow } = this.#boundsOf(channel);
    const isBelow = (serial: number | null, bound: number): boolean => serial !== null && serial < bound;
    return (
      isBelow(entries.firstSettled(id), floor) ||
      isBelow(versions.firstMessage(id), purgedBelow) ||
      isBelow(annotations.firstMessage(id), purgedBelow)
    );
  }

  /** Whether the channel has no rows at all. */
  isEmpty(id: number): boolean {
    const { entries, versions, annotations } = this.#options;
    return (
      entries.firstSettled(id) === null &&
      !entries.hasRecent(id) &&
      versions.firstMessage(id) === null &&
      !versions.hasRecent(id) &&
      annotations.firstMessage(id) === null
    );
  }

  /**
   * Inside a transaction: looks at creates from a serial on and removes what has to go, about `limit` rows at most.
   *
   * @param channel null: the channel was reset, all of it goes
   */
  step(id: number, channel: Channel | null, from: number, limit: number): RemovalStep {
    const { entries } = this.#options;
    const { floor, purgedBelow } = this.#boundsOf(channel);
    let left = limit - this.#removePurged(id, purgedBelow, limit);
    const candidates = entries.sizes(id, from, floor, Math.max(left, 1));
    const gone: EntrySize[] = [];
    let next: number | null = left > 0 && candidates.length < left ? null : from;
    for (const candidate of candidates) {
      const { serial } = candidate;
      if (left <= 0) {
        next = serial;
        break;
      }
      left -= 1;
      const verdict = channel === null ? 'gone' : this.#verdict(id, channel, candidate, purgedBelow);
      if (verdict === 'kept-with-all-later') {
        next = null;
        break;
      }
      if (next !== null) next = serial + 1;
      if (verdict === 'kept') continue;
      left -= this.#removeChanges(id, serial, left + 1);
      if (this.#hasChanges(id, serial)) {
        next = serial;
        break;
      }
      gone.push(candidate);
    }
    this.#removeEntries(id, gone);
    this.#raiseFloor(channel, gone);
    const bytes = gone.reduce((sum, entry) => sum + entry.bytes, 0);
    return { messages: gone.length, bytes, rows: limit - left, next };
  }

  /** Versions and annotations whose create may never have come to its place. */
  #removePurged(id: number, purgedBelow: number, limit: number): number {
    const { versions, annotations } = this.#options;
    let removed = 0;
    for (const table of [versions, annotations]) {
      while (removed < limit) {
        const first = table.firstMessage(id);
        if (first === null || first >= purgedBelow) break;
        removed += table.remove(id, first, limit - removed);
      }
    }
    return removed;
  }

  #verdict(
    id: number,
    { assigned }: Channel,
    { serial, publishedAtMs, isMessage }: EntrySize,
    purgedBelow: number,
  ): 'gone' | 'kept' | 'kept-with-all-later' {
    const { versions, recentVersions, now } = this.#options;
    if (!isMessage || serial < purgedBelow) return 'gone';
    const sinceMs = Math.max(assigned.versionsSinceMs, versionsKeptFromMs(assigned.retention, now()));
    // A plain entry behind a young message waits for that one: most channels have one kind only.
    if (publishedAtMs >= sinceMs) return 'kept-with-all-later';
    // Versions that are still to come to their place would come to nothing.
    if (recentVersions.ofMessage(id, serial).length > 0) return 'kept';
    const latest = versions.latest(id, serial, Number.MAX_SAFE_INTEGER);
    return latest !== null && latest.publishedAtMs >= sinceMs ? 'kept' : 'gone';
  }

  #removeChanges(id: number, serial: number, limit: number): number {
    const { versions, annotations, hot } = this.#options;
    hot.forget(id, serial);
    const removed = versions.remove(id, serial, limit);
    return removed + (removed < limit ? annotations.remove(id, serial, limit - removed) : 0);
  }

  #hasChanges(id: number, serial: number): boolean {
    const { versions, annotations } = this.#options;
    return versions.has(id, serial) || annotations.newestSerial(id, serial) !== null;
  }

  /** Removes creates in runs of those that follow each other. */
  #removeEntries(id: number, gone: readonly EntrySize[]): void {
    const { entries } = this.#options;
    for (const { serial } of gone) entries.remove(id, serial, serial + 1);
  }

  /** What lies below a removed create must not come back, whatever the clock does. */
  #raiseFloor(channel: Channel | null, gone: readonly EntrySize[]): void {
    const last = gone.at(-1);
    if (channel === null || last === undefined || channel.assigned.oldestSerial > last.serial) return;
    this.#options.channels.assign(channel, { ...channel.assigned, oldestSerial: last.serial + 1 });
  }

  #boundsOf(channel: Channel | null): { floor: number; purgedBelow: number } {
    if (channel === null) return { floor: Number.MAX_SAFE_INTEGER, purgedBelow: Number.MAX_SAFE_INTEGER };
    const floor = Math.max(this.#options.view.visibleFloor(channel), channel.assigned.oldestSerial);
    return { floor, purgedBelow: channel.assigned.purgedBelow };
  }
}

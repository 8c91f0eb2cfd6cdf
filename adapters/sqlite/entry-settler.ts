// Moves entries from the place where they arrived to the place where they are read by channel: with the commits while they
// are many, and in the background once they are old. Entries that retention no longer keeps are dropped on the way.
import type { ChannelTable } from './channel-table.ts';
import type { EntryTable } from './entry-table.ts';
import type { Participant } from './group-commit.ts';
import type { LogView } from './log-view.ts';
import type { RecentEntries, Segment } from './recent-entries.ts';

/** Large entries are moved before they are many. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Older ones are moved without waiting for that, so that what is purged leaves the disk soon, also on an idle server. */
const MAX_AGE_MS = 5_000;

export interface SettlerOptions {
  readonly channels: ChannelTable;
  readonly entries: EntryTable;
  readonly recent: RecentEntries;
  readonly view: LogView;
}

/** As a participant of the group commit it has to join before the channels, whose rows it may change. */
export class EntrySettler implements Participant {
  readonly #options: SettlerOptions;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** True while entries have waited longer than they should. */
  get isLate(): boolean {
    const { oldest } = this.#options.recent;
    return oldest !== undefined && performance.now() - oldest.begunAt > MAX_AGE_MS;
  }

  /** Entries that wait to be moved. */
  get waiting(): number {
    return this.#options.recent.rows;
  }

  /** Inside a transaction: moves the segment that has waited longest; answers how many entries it had. */
  settleSome(): number {
    const settled = this.#settleOldest();
    this.#options.recent.removeTaken();
    return settled;
  }

  /** Keeps pace: moves about as many as were added, so that no group has to move all at once. */
  beforeCommit(): void {
    const { recent } = this.#options;
    let budget = recent.added + recent.added / 2;
    while (budget > 0 && (recent.rows > recent.maxRows || recent.bytes > MAX_BYTES)) {
      budget -= this.#settleOldest();
    }
    recent.removeTaken();
  }

  committed(): void {}

  synced(): void {}

  rolledBack(): void {}

  #settleOldest(): number {
    const { oldest } = this.#options.recent;
    if (oldest === undefined) return 0;
    const floor = this.#floorOf(oldest);
    this.#options.recent.take();
    for (const row of oldest.rows) {
      if (row.entry.serial >= floor) this.#options.entries.insert(oldest.channelId, row);
    }
    return oldest.rows.length;
  }

  /**
   * Where the channel's visible entries begin, made lasting if that drops entries; beyond them all for a reset channel. Its row
   * is brought up to date, since the recent entries no longer tell where the channel stands.
   */
  #floorOf({ channelId, key, firstSerial }: Segment): number {
    const { channels, view } = this.#options;
    const channel = channels.open(key);
    const { assigned } = channel;
    if (assigned.id !== channelId) return Number.POSITIVE_INFINITY;
    const floor = Math.max(view.visibleFloor(channel), assigned.oldestSerial);
    if (floor > firstSerial) channels.assign(channel, { ...assigned, oldestSerial: floor });
    else channels.save(channel);
    return floor;
  }
}

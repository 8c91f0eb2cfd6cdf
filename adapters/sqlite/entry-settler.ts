// Moves creates and versions from the place where they arrived to the place where they are read by channel: with the commits
// while they are many, and in the background once they are old. What is gone by then is dropped on the way.
import type { Channel, ChannelTable } from './channel-table.ts';
import type { EntryTable } from './entry-table.ts';
import type { Participant } from './group-commit.ts';
import type { LogView } from './log-view.ts';
import type { RecentEntries } from './recent-entries.ts';
import type { RecentRow, RecentRows } from './recent-rows.ts';
import type { RecentVersions } from './recent-versions.ts';
import type { VersionTable } from './version-table.ts';

/** Large rows are moved before they are many. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Older ones are moved without waiting for that, so that what is purged leaves the disk soon, also on an idle server. */
const MAX_AGE_MS = 5_000;

export interface SettlerOptions {
  readonly channels: ChannelTable;
  readonly entries: EntryTable;
  readonly recent: RecentEntries;
  readonly versions: VersionTable;
  readonly recentVersions: RecentVersions;
  readonly view: LogView;
}

/** As a participant of the group commit it has to join before the channels, whose rows it may change. */
export class EntrySettler implements Participant {
  readonly #options: SettlerOptions;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** True while rows have waited longer than they should. */
  get isLate(): boolean {
    return this.#kinds.some(({ oldest }) => oldest !== undefined && isOld(oldest));
  }

  /** Rows that wait to be moved. */
  get waiting(): number {
    return this.#kinds.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Inside a transaction: moves the segment of each kind that has waited longest; answers how many rows that were. */
  settleSome(): number {
    const settled = this.#settleEntries() + this.#settleVersions();
    for (const kind of this.#kinds) kind.removeTaken();
    return settled;
  }

  /** Keeps pace: moves about as many as were added, so that no group has to move all at once. */
  beforeCommit(): void {
    const { recent, recentVersions } = this.#options;
    keepPace(recent, () => this.#settleEntries());
    keepPace(recentVersions, () => this.#settleVersions());
  }

  committed(): void {}

  synced(): void {}

  rolledBack(): void {}

  get #kinds() {
    const { recent, recentVersions } = this.#options;
    return [recent, recentVersions];
  }

  /** Drops what has left the history, but for messages: how long those stay is a matter of their versions. */
  #settleEntries(): number {
    const { recent, entries, view } = this.#options;
    const { oldest } = recent;
    if (oldest === undefined) return 0;
    const channel = this.#openIfThere(oldest);
    const purgedBelow = channel?.assigned.purgedBelow ?? Number.POSITIVE_INFINITY;
    const floor =
      channel === null ? purgedBelow : Math.max(view.visibleFloor(channel), channel.assigned.oldestSerial);
    recent.take();
    for (const row of oldest.rows) {
      const { serial, messageSerial } = row.entry;
      if (serial < purgedBelow || (serial < floor && messageSerial === undefined)) continue;
      entries.insert(oldest.channelId, row);
    }
    if (channel !== null) this.#save(channel, floor);
    return oldest.rows.length;
  }

  #settleVersions(): number {
    const { recentVersions, versions, channels } = this.#options;
    const { oldest } = recentVersions;
    if (oldest === undefined) return 0;
    const channel = this.#openIfThere(oldest);
    const purgedBelow = channel?.assigned.purgedBelow ?? Number.POSITIVE_INFINITY;
    recentVersions.take();
    for (const row of oldest.rows) {
      if (row.entry.historySerial >= purgedBelow) versions.insert(oldest.channelId, row);
    }
    if (channel !== null) channels.save(channel);
    return oldest.rows.length;
  }

  /** Null: the channel was reset. */
  #openIfThere({
    channelId,
    key,
  }: {
    readonly channelId: number;
    readonly key: Channel['key'];
  }): Channel | null {
    const channel = this.#options.channels.open(key);
    return channel.assigned.id === channelId ? channel : null;
  }

  /** The channel's row is brought up to date, since the recent rows no longer tell where the channel stands. */
  #save(channel: Channel, floor: number): void {
    const { channels } = this.#options;
    const { assigned } = channel;
    if (floor > assigned.oldestSerial) channels.assign(channel, { ...assigned, oldestSerial: floor });
    else channels.save(channel);
  }
}

function keepPace<Row extends RecentRow>(kind: RecentRows<Row>, settleOldest: () => number): void {
  let budget = kind.added + kind.added / 2;
  while (budget > 0 && (kind.rows > kind.maxRows || kind.bytes > MAX_BYTES)) budget -= settleOldest();
  kind.removeTaken();
}

function isOld({ begunAt }: { readonly begunAt: number }): boolean {
  return performance.now() - begunAt > MAX_AGE_MS;
}

// What the contract suite of the ChannelLog port is written with: opening, drafts, results.
import type { ChannelKey, ChannelLog, EntryDraft, LogEntry, ReadResult } from './channel-log.ts';

export interface Clock {
  nowMs: number;
}

export interface LogUnderTest {
  readonly log: ChannelLog;
  /** For logs that outlive their object: closes and opens the same store again. */
  readonly reopen?: () => Promise<ChannelLog>;
  /** Closes what is open and removes the store. */
  readonly close: () => Promise<void>;
}

export type OpenLog = (options: { readonly now: () => number }) => Promise<LogUnderTest>;

export interface LogTest {
  readonly log: ChannelLog;
  readonly reopen: (() => Promise<ChannelLog>) | undefined;
  readonly clock: Clock;
  readonly key: (channel: string) => ChannelKey;
}

/** Runs a test on a log of its own and closes it whatever happens. */
export async function withLog(open: OpenLog, test: (context: LogTest) => Promise<void>): Promise<void> {
  const clock: Clock = { nowMs: 1_700_000_000_000 };
  const { log, reopen, close } = await open({ now: () => clock.nowMs });
  try {
    await test({ log, reopen, clock, key: (channel) => ({ appId: 'app', channel }) });
  } finally {
    await close();
  }
}

export function draftOf(key: ChannelKey, given: Partial<EntryDraft> = {}): EntryDraft {
  return { key, event: 'event', data: '"data"', publishedAtMs: 1_700_000_000_000, retention: {}, ...given };
}

export async function commitOne(log: ChannelLog, draft: EntryDraft): Promise<LogEntry> {
  const result = await log.commit({ entries: [draft], receipts: [] });
  const entry = result.kind === 'committed' ? result.entries[0] : undefined;
  if (entry === undefined) throw new Error(`an entry was expected, not ${result.kind}`);
  return entry;
}

export async function commitMany(
  log: ChannelLog,
  key: ChannelKey,
  count: number,
  given: Partial<EntryDraft> = {},
): Promise<void> {
  const entries = Array.from({ length: count }, () => draftOf(key, given));
  await log.commit({ entries, receipts: [] });
}

export function serialsOf(result: ReadResult): number[] {
  if (result.kind !== 'page') throw new Error(`a page was expected, not a gap (${result.reason})`);
  return result.entries.map(({ serial }) => serial);
}

export function outcomeOf(result: ReadResult): string {
  return result.kind === 'gap' ? result.reason : 'page';
}

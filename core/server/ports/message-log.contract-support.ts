// What the contract suite of mutable messages is written with: opening, drafts, results.
import { createVersionSerials, type VersionSerials } from '@sockudo/protocol';
import { type Clock, draftOf } from './channel-log.contract-support.ts';
import type { ChannelKey, EntryDraft, LogEntry, Retention } from './channel-log.ts';
import type {
  AnnotationDraft,
  AnnotationEntry,
  AnnotationRecord,
  AnnotationResult,
  DurableLog,
  MessageState,
  MutationDraft,
  MutationResult,
  ReplayEntry,
  ReplayResult,
  VersionDraft,
  VersionEntry,
} from './message-log.ts';

export interface DurableLogUnderTest {
  readonly log: DurableLog;
  /** For logs that outlive their object: closes and opens the same store again. */
  readonly reopen?: () => Promise<DurableLog>;
  /** Closes what is open and removes the store. */
  readonly close: () => Promise<void>;
}

export type OpenDurableLog = (options: { readonly now: () => number }) => Promise<DurableLogUnderTest>;

export interface MessageTest {
  readonly log: DurableLog;
  readonly reopen: (() => Promise<DurableLog>) | undefined;
  readonly clock: Clock;
  readonly serials: VersionSerials;
  readonly key: (channel: string) => ChannelKey;
}

/** Runs a test on a log of its own and closes it whatever happens. */
export async function withMessages(
  open: OpenDurableLog,
  test: (context: MessageTest) => Promise<void>,
): Promise<void> {
  const clock: Clock = { nowMs: 1_700_000_000_000 };
  const now = (): number => clock.nowMs;
  const { log, reopen, close } = await open({ now });
  try {
    const serials = createVersionSerials('node-1', now);
    await test({ log, reopen, clock, serials, key: (channel) => ({ appId: 'app', channel }) });
  } finally {
    await close();
  }
}

export interface MessageHandle {
  readonly key: ChannelKey;
  readonly messageSerial: string;
  readonly create: LogEntry;
}

export async function createMessage(
  { log, serials, clock }: Pick<MessageTest, 'log' | 'serials' | 'clock'>,
  key: ChannelKey,
  given: Partial<EntryDraft> = {},
): Promise<MessageHandle> {
  const versionSerial = (historySerial: number): string => serials.next(historySerial);
  const draft = draftOf(key, { publishedAtMs: clock.nowMs, versionSerial, ...given });
  const result = await log.commit({ entries: [draft], receipts: [] });
  const create = result.kind === 'committed' ? result.entries[0] : undefined;
  if (create?.messageSerial === undefined) throw new Error(`a message was expected, not ${result.kind}`);
  return { key, messageSerial: create.messageSerial, create };
}

export interface Change {
  readonly action?: VersionDraft['action'];
  /** JSON text. */
  readonly data?: string | null;
  readonly event?: string | null;
  readonly retention?: Retention;
  readonly apply?: (current: MessageState) => VersionDraft;
  readonly receipt?: MutationDraft['receipt'];
  readonly version?: Partial<VersionDraft>;
}

/** An append of a text unless told otherwise. */
export function mutationOf(
  { serials, clock }: Pick<MessageTest, 'serials' | 'clock'>,
  { key, messageSerial }: Pick<MessageHandle, 'key' | 'messageSerial'>,
  { action = 'append', data = '"+"', event, retention = {}, apply, receipt, version = {} }: Change = {},
): MutationDraft {
  return {
    key,
    messageSerial,
    publishedAtMs: clock.nowMs,
    retention,
    apply:
      apply ??
      ((current) => ({ action, data, event: event === undefined ? current.event : event, ...version })),
    versionSerial: (historySerial, current) => serials.next(historySerial, current),
    ...(receipt !== undefined && { receipt }),
  };
}

export async function change(
  context: Pick<MessageTest, 'log' | 'serials' | 'clock'>,
  message: Pick<MessageHandle, 'key' | 'messageSerial'>,
  given: Change = {},
): Promise<VersionEntry> {
  return entryOf(await context.log.mutate(mutationOf(context, message, given)));
}

export function entryOf(result: MutationResult): VersionEntry {
  if (result.kind !== 'committed') throw new Error(`a version was expected, not ${result.kind}`);
  return result.entry;
}

export interface Note {
  readonly type?: string;
  readonly name?: string;
  readonly targetSerial?: string;
  readonly retention?: Retention;
  readonly record?: AnnotationDraft['record'];
}

/** Projections count what was added and not taken back, as decimal text. */
export function annotationOf(
  { serials, clock }: Pick<MessageTest, 'serials' | 'clock'>,
  { key, messageSerial }: Pick<MessageHandle, 'key' | 'messageSerial'>,
  { type = 'likes:total.v1', name, targetSerial, retention = {}, record }: Note = {},
): AnnotationDraft {
  const common = { messageSerial, timestampMs: clock.nowMs, ...(name !== undefined && { name }) };
  return {
    key,
    messageSerial,
    publishedAtMs: clock.nowMs,
    retention,
    ...(targetSerial !== undefined && { targetSerial }),
    annotationSerial: (historySerial, above) => serials.next(historySerial, above),
    record:
      record ??
      ((annotationSerial, target) => {
        if (targetSerial === undefined) {
          return { ...common, action: 'annotation.create', annotationSerial, type, id: annotationSerial };
        }
        if (target === null) throw new Error('no target');
        if (target.deletedBy !== undefined) throw new Error('deleted already');
        return { ...common, action: 'annotation.delete', annotationSerial, type: target.type, targetSerial };
      }),
    project: (state, { action }) => String(Number(state ?? 0) + (action === 'annotation.create' ? 1 : -1)),
  };
}

export async function annotate(
  context: Pick<MessageTest, 'log' | 'serials' | 'clock'>,
  message: Pick<MessageHandle, 'key' | 'messageSerial'>,
  given: Note = {},
): Promise<AnnotationEntry> {
  return annotationEntryOf(await context.log.annotate(annotationOf(context, message, given)));
}

export function annotationEntryOf(result: AnnotationResult): AnnotationEntry {
  if (result.kind !== 'committed') throw new Error(`an annotation was expected, not ${result.kind}`);
  return result.entry;
}

export function entriesOf(result: ReplayResult): readonly ReplayEntry[] {
  if (result.kind !== 'page') throw new Error(`a page was expected, not a gap (${result.reason})`);
  return result.entries;
}

/** An entry as plain data: functions are called, members that drivers may tell differently are left out. */
export function plain(entry: ReplayEntry): object {
  if (!('kind' in entry)) {
    const { retention: _, ...rest } = entry;
    return rest;
  }
  if (entry.kind === 'annotation') return entry;
  const { whole, ...rest } = entry;
  return { ...rest, whole: whole() };
}

/** A state as plain data. */
export function plainState(state: MessageState | null): object | null {
  if (state === null) return null;
  const { data, ...rest } = state;
  return { ...rest, data: data() };
}

export const serialOf = ({ annotationSerial }: AnnotationRecord): string => annotationSerial;

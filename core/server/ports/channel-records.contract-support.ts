// What the contract suite of channel records is written with: changes whose outcome can be read off the record.
import type { ChannelKey, CommitResult, EntryDraft } from './channel-log.ts';
import type { ChannelRecord, RecordChange, RecordContent } from './channel-records.ts';
import type { DurableLog } from './message-log.ts';

/** Puts this in the place of what there is. */
export function put(
  id: string,
  { kind = 'run', value = '0', state = 'open', dueAtMs }: Partial<RecordContent> & { kind?: string } = {},
): RecordChange {
  const content = { value, state, ...(dueAtMs !== undefined && { dueAtMs }) };
  return { kind, id, apply: () => content };
}

/** Adds one to a number, from nothing to 1. */
export function count(id: string, kind = 'run'): RecordChange {
  return {
    kind,
    id,
    apply: (current) => ({ value: String(Number(current?.value ?? 0) + 1), state: 'counted' }),
  };
}

/** The value becomes the occasion. */
export function note(id: string, kind = 'run'): RecordChange {
  return { kind, id, apply: (_, occasion) => ({ value: JSON.stringify(occasion), state: 'noted' }) };
}

export const remove = (id: string, kind = 'run'): RecordChange => ({ kind, id, apply: () => null });

export const keep = (id: string, kind = 'run'): RecordChange => ({ kind, id, apply: () => 'keep' });

export function refuse(id: string, error: unknown, kind = 'run'): RecordChange {
  return {
    kind,
    id,
    apply: () => {
      throw error;
    },
  };
}

/** All records of a channel and kind, oldest first. */
export async function recordsOf(
  log: DurableLog,
  key: ChannelKey,
  kind = 'run',
): Promise<readonly ChannelRecord[]> {
  const { records, more } = await log.records(key, kind, { limit: 1000 });
  if (more) throw new Error('there are more records than a test can have');
  return records.toReversed();
}

/** `id ordinal value` of all records of a channel and kind, oldest first. */
export async function listed(log: DurableLog, key: ChannelKey, kind = 'run'): Promise<string[]> {
  const records = await recordsOf(log, key, kind);
  return records.map(({ id, ordinal, value }) => `${id} ${ordinal} ${value}`);
}

export function commitAll(log: DurableLog, ...entries: readonly EntryDraft[]): Promise<CommitResult> {
  return log.commit({ entries, receipts: [] });
}

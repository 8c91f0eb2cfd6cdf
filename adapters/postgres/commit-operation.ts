// New messages, and receipts: the `commit` of the ChannelLog port.
import {
  answerReceipts,
  type Commit,
  type CommitResult,
  commitRecords,
  type EntryDraft,
  entryOf,
  type LogEntry,
} from '@sockudo/server/ports';
import type { ChannelStanding } from './channel-standing.ts';
import { LogOperation, type Touched } from './log-operation.ts';
import { textOf } from './message-text.ts';
import type { WriteStep } from './write-step.ts';

/** What the change of a record is taken to weigh: its content is known only once it is made. */
const RECORD_BYTES = 1024;

interface Drawn {
  readonly channel: ChannelStanding;
  readonly entry: LogEntry;
}

export class CommitOperation extends LogOperation<CommitResult> {
  readonly touches: readonly Touched[];
  readonly receipts: Commit['receipts'];
  readonly messages = [];
  readonly bytes: number;
  readonly #commit: Commit;

  constructor(commit: Commit) {
    super();
    this.#commit = commit;
    this.receipts = commit.receipts;
    this.touches = commit.entries.map(({ key }) => ({ key, isWritten: true }));
    this.bytes = commit.entries.reduce(
      (sum, { data, extras = '', records }) =>
        sum + 200 + data.length + extras.length + (records === undefined ? 0 : records.length * RECORD_BYTES),
      200,
    );
  }

  protected override async write(step: WriteStep): Promise<CommitResult> {
    const used = await step.usedReceipt(this.#commit.receipts);
    if (used !== null) return used;
    const drawn: Drawn[] = [];
    for (const draft of this.#commit.entries) drawn.push(this.#draw(step, draft, drawn));
    const entries = drawn.map(({ entry }) => entry);
    for (const { key, records } of this.#commit.entries) {
      if (records !== undefined) await step.records.load(key, records);
    }
    const changed = commitRecords(step.records, this.#commit.entries, entries);
    if (changed.kind === 'refused') return changed;
    const receipts = answerReceipts(this.#commit.receipts, entries);
    for (const { channel, entry } of drawn) {
      await step.keepUnder(channel, entry.retention);
      this.#stage(step, channel, entry);
    }
    step.records.stage(changed);
    for (const receipt of receipts) step.addReceipt(receipt, null);
    return { kind: 'committed', entries };
  }

  #draw(step: WriteStep, draft: EntryDraft, drawn: readonly Drawn[]): Drawn {
    const channel = step.channel(draft.key);
    const earlier = drawn.findLast((other) => other.channel === channel)?.entry;
    const place = channel.nextPlace(draft.publishedAtMs, earlier);
    return { channel, entry: entryOf(draft, { ...place, streamId: channel.streamId }) };
  }

  #stage(step: WriteStep, channel: ChannelStanding, entry: LogEntry): void {
    if (channel.logId === null) throw new Error('a channel that is written to has a row');
    step.staged.addEntry(channel, channel.logId, entry);
    channel.addCreate(entry);
    if (entry.messageSerial === undefined) return;
    step.setMessage(channel, { create: entry, latest: null, text: textOf(entry.serial, entry.data) });
  }
}

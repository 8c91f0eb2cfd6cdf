// The two ways to change a message: a new version, an annotation. Each sees what the one before it left; a refused one uses no
// serial.
import {
  type AnnotationDraft,
  type AnnotationEntry,
  type AnnotationRecord,
  type AnnotationResult,
  changeRecords,
  historySerialOf,
  isSettled,
  type MutationDraft,
  type MutationResult,
  messageStateOf,
  NO_RECORD_WRITES,
  nextVersion,
  occasionOf,
  type Receipt,
  type RecordChange,
  type RecordRefusal,
  type RecordWrites,
  type StoredVersion,
  type VersionEntry,
  versionEntryOf,
} from '@sockudo/server/ports';
import type { ChannelStanding } from './channel-standing.ts';
import { LogOperation, type Operation, type Touched } from './log-operation.ts';
import { textOf, wholeOf, withFragment } from './message-text.ts';
import { type AnnotationRow, recordOfRow } from './rows.ts';
import { fromStored, toStored } from './stored-text.ts';
import type { MessageInStep, WriteStep } from './write-step.ts';

/** The content of a change is known only once it is made. */
const ASSUMED_BYTES = 1024;

/** Changes of one message, each on top of the one before it, up to and with the first that is not made. */
export class MutateOperation extends LogOperation<readonly MutationResult[]> {
  readonly touches: readonly Touched[];
  readonly receipts: readonly { readonly scope: string; readonly key: string }[];
  readonly messages: Operation['messages'];
  readonly bytes: number;
  readonly #drafts: readonly MutationDraft[];

  constructor(drafts: readonly MutationDraft[]) {
    super();
    this.#drafts = drafts;
    this.bytes = drafts.length * ASSUMED_BYTES;
    this.messages = drafts.slice(0, 1);
    this.touches = this.messages.map(({ key }) => ({ key, isWritten: false }));
    this.receipts = drafts.flatMap(({ receipt }) => (receipt === undefined ? [] : [receipt]));
  }

  protected override async write(step: WriteStep): Promise<readonly MutationResult[]> {
    const results: MutationResult[] = [];
    for (const draft of this.#drafts) {
      const result = await this.#mutate(step, draft);
      results.push(result);
      if (!isSettled(result)) break;
    }
    return results;
  }

  async #mutate(step: WriteStep, draft: MutationDraft): Promise<MutationResult> {
    const { key, messageSerial, receipt, retention } = draft;
    const channel = step.channel(key);
    const message = await step.message(channel, messageSerial);
    if (message === null || channel.logId === null) return { kind: 'unknown-message' };
    const used = receipt === undefined ? null : await step.usedReceipt([receipt]);
    if (used !== null) return used;
    let version: StoredVersion;
    let records: readonly RecordChange[] | undefined;
    try {
      [version, records] = this.#draw(channel, message, draft);
    } catch (error) {
      return { kind: 'refused', error };
    }
    const text =
      version.action === 'append'
        ? withFragment(message.text, version.serial, version.data)
        : textOf(version.serial, version.data);
    const entry = versionEntryOf(message.create, version, () => wholeOf(text));
    const changed = records === undefined ? NO_RECORD_WRITES : await this.#changed(step, records, entry);
    if (changed.kind === 'refused') return changed;
    const answered: Receipt | null =
      receipt === undefined ? null : { ...receipt, answer: receipt.answer(entry) };
    await step.keepUnder(channel, retention);
    step.staged.addVersion(channel.logId, version);
    step.setMessage(channel, { create: message.create, latest: version, text });
    channel.advance(version);
    step.records.stage(changed);
    if (answered !== null) {
      step.addReceipt(answered, { logId: channel.logId, historySerial: version.historySerial });
    }
    return { kind: 'committed', entry };
  }

  async #changed(
    step: WriteStep,
    records: readonly RecordChange[],
    entry: VersionEntry,
  ): Promise<RecordWrites | RecordRefusal> {
    await step.records.load(entry.key, records);
    return changeRecords(step.records, entry.key, records, occasionOf(entry));
  }

  #draw(
    channel: ChannelStanding,
    { create, latest, text }: MessageInStep,
    { apply, versionSerial, publishedAtMs }: MutationDraft,
  ): [StoredVersion, readonly RecordChange[] | undefined] {
    const state = messageStateOf(create, latest, () => wholeOf(text));
    const draft = apply(state);
    const version = nextVersion(create, latest, draft, {
      ...channel.nextPlace(publishedAtMs),
      versionSerial: versionSerial(state.historySerial, state.versionSerial),
    });
    return [version, draft.records];
  }
}

export class AnnotateOperation extends LogOperation<AnnotationResult> {
  readonly touches: readonly Touched[];
  readonly receipts = [];
  readonly messages: Operation['messages'];
  readonly bytes = ASSUMED_BYTES;
  readonly #draft: AnnotationDraft;

  constructor(draft: AnnotationDraft) {
    super();
    this.#draft = draft;
    this.touches = [{ key: draft.key, isWritten: false }];
    this.messages = [draft];
  }

  protected override async write(step: WriteStep): Promise<AnnotationResult> {
    const {
      key,
      messageSerial,
      publishedAtMs,
      annotationSerial,
      record: recordOf,
      project,
      retention,
    } = this.#draft;
    const channel = step.channel(key);
    const message = await step.message(channel, messageSerial);
    if (message === null || channel.logId === null) return { kind: 'unknown-message' };
    const historySerial = message.create.serial;
    const { newest, target, projections } = await this.#context(step, channel, historySerial);
    let entry: AnnotationEntry;
    let projection: string;
    try {
      const record = recordOf(annotationSerial(historySerial, newest), target);
      const { streamId } = channel;
      entry = { kind: 'annotation', key, streamId, ...channel.nextPlace(publishedAtMs), record };
      projection = project(projections.get(record.type) ?? null, record, target);
    } catch (error) {
      return { kind: 'refused', error };
    }
    await step.keepUnder(channel, retention);
    step.staged.addAnnotation(channel.logId, historySerial, entry, projection);
    channel.advance(entry);
    return { kind: 'committed', entry, projection };
  }

  /** What the annotation is decided by, with all that was staged before it. */
  async #context(step: WriteStep, { logId }: ChannelStanding, historySerial: number) {
    await step.flush();
    const of = [logId, historySerial];
    const [newest] = await step.query<{ annotation_serial: string }>('newest-annotation', of);
    const rows = await step.query<{ type: string; state: string }>('find-projections', of);
    return {
      newest: newest === undefined ? undefined : fromStored(newest.annotation_serial),
      target: await this.#target(step),
      projections: new Map(rows.map(({ type, state }) => [fromStored(type), fromStored(state)])),
    };
  }

  async #target(step: WriteStep): Promise<AnnotationRecord | null> {
    const { key, targetSerial } = this.#draft;
    const historySerial = targetSerial === undefined ? null : historySerialOf(targetSerial);
    if (targetSerial === undefined || historySerial === null) return null;
    const [row] = await step.query<AnnotationRow>('find-annotation', [
      toStored(key.appId),
      toStored(key.channel),
      historySerial,
      toStored(targetSerial),
      step.nowMs,
    ]);
    return row === undefined ? null : recordOfRow(row);
  }
}

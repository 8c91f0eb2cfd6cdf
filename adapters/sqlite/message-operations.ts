// The two ways to change a message, as operations of the group commit: a new version, an annotation. All is decided in `plan`,
// where each sees what the one before it left; a refused one writes nothing.
import {
  type AnnotationDraft,
  type AnnotationResult,
  changeRecords,
  isSettled,
  type MutationDraft,
  type MutationResult,
  NO_RECORD_WRITES,
  nextVersion,
  occasionOf,
  type Receipt,
  type RecordChange,
  type RecordWrites,
  receiptVerdict,
  type StoredVersion,
  StoreUnavailable,
} from '@sockudo/server/ports';
import type { StoredAnnotation } from './annotation-table.ts';
import type { Channel } from './channel-table.ts';
import type { Message } from './hot-messages.ts';
import { findReceipt, LogOperation, type LogTables, underRetention } from './log-operations.ts';
import { writeRecords } from './record-steps.ts';

/** The content of a change is known only once it is planned. */
const ASSUMED_BYTES = 1024;

/** From as many changes of one message on, their receipts go straight to their place. */
const MANY = 16;

/** One change as two steps of a transaction. */
class Mutation {
  readonly #tables: LogTables;
  readonly #draft: MutationDraft;
  readonly #isOneOfMany: boolean;
  #drawn: { readonly channel: Channel; readonly message: Message; readonly version: StoredVersion } | null =
    null;
  #receipt: Receipt | null = null;
  #records: RecordWrites = NO_RECORD_WRITES;

  constructor(tables: LogTables, draft: MutationDraft, isOneOfMany = false) {
    this.#tables = tables;
    this.#draft = draft;
    this.#isOneOfMany = isOneOfMany;
  }

  /** @param mayBeUsed false: the key of the draft is known to have no receipt */
  plan(mayBeUsed = true): MutationResult {
    this.#drawn = null;
    this.#receipt = null;
    this.#records = NO_RECORD_WRITES;
    const { channels, messages } = this.#tables;
    const channel = channels.open(this.#draft.key);
    const { assigned } = channel;
    const message = messages.find(channel, assigned, this.#draft.messageSerial);
    if (message === null || assigned.id === null) return { kind: 'unknown-message' };
    const used = mayBeUsed ? this.#usedReceipt() : null;
    return used ?? this.#draw(channel, message, assigned.id);
  }

  /** Nothing, where the plan was refused. */
  write(): void {
    if (this.#drawn === null) return;
    const { channels, recentVersions, hot, receipts, records } = this.#tables;
    const { channel, message, version } = this.#drawn;
    const standing = underRetention(this.#tables, channel, this.#draft.retention);
    recentVersions.add(standing.id, channel.key, { entry: version, bytes: sizeOf(version) });
    hot.remember(standing.id, { ...message, latest: version });
    channels.advance(channel, {
      ...standing,
      headSerial: version.serial,
      lastPublishedAtMs: version.publishedAtMs,
    });
    writeRecords(channels, records, this.#records);
    if (this.#receipt === null) return;
    const tie = { channelId: standing.id, historySerial: version.historySerial };
    if (this.#isOneOfMany) receipts.insertOneOfMany(this.#receipt, tie);
    else receipts.insert(this.#receipt, tie);
  }

  #usedReceipt(): MutationResult | null {
    const { receipt } = this.#draft;
    if (receipt === undefined) return null;
    const used = findReceipt(this.#tables, receipt, ({ assigned }) => assigned);
    return used === null ? null : { kind: receiptVerdict(receipt, used), receipt: used };
  }

  #draw(channel: Channel, message: Message, channelId: number): MutationResult {
    const { messages } = this.#tables;
    const { create, latest } = message;
    const { receipt } = this.#draft;
    const state = messages.stateOf(channelId, message);
    let version: StoredVersion;
    let records: readonly RecordChange[] | undefined;
    try {
      const draft = this.#draft.apply(state);
      records = draft.records;
      version = nextVersion(create, latest, draft, {
        ...nextPlace(channel, this.#draft.publishedAtMs),
        versionSerial: this.#draft.versionSerial(state.historySerial, state.versionSerial),
      });
    } catch (error) {
      return refusedBy(error);
    }
    const entry = messages.entryOf(channelId, create, version);
    if (records !== undefined) {
      const changed = changeRecords(this.#tables.recordSource, this.#draft.key, records, occasionOf(entry));
      if (changed.kind === 'refused') return changed;
      this.#records = changed;
    }
    if (receipt !== undefined) this.#receipt = { ...receipt, answer: receipt.answer(entry) };
    this.#drawn = { channel, message, version };
    return { kind: 'committed', entry };
  }
}

export class MutateOperation extends LogOperation<MutationResult> {
  readonly bytes = ASSUMED_BYTES;
  readonly #mutation: Mutation;

  constructor(tables: LogTables, draft: MutationDraft) {
    super();
    this.#mutation = new Mutation(tables, draft);
  }

  override plan(): void {
    this.result = this.#mutation.plan();
  }

  override write(): void {
    this.#mutation.write();
  }
}

/** Each change is planned when the one before it is written, so all of it happens in `write`. */
export class MutateInOrderOperation extends LogOperation<readonly MutationResult[]> {
  readonly bytes: number;
  override readonly weight: number;
  readonly #tables: LogTables;
  readonly #drafts: readonly MutationDraft[];

  constructor(tables: LogTables, drafts: readonly MutationDraft[]) {
    super();
    this.#tables = tables;
    this.#drafts = drafts;
    this.weight = drafts.length;
    this.bytes = drafts.length * ASSUMED_BYTES;
  }

  override write(): void {
    const results: MutationResult[] = [];
    const used = this.#usedKeys();
    for (const draft of this.#drafts) {
      const { scope = '', key = '' } = draft.receipt ?? {};
      const isUsed = used.get(scope)?.has(key) ?? true;
      const mutation = new Mutation(this.#tables, draft, !isUsed && this.#drafts.length >= MANY);
      const result = mutation.plan(isUsed);
      results.push(result);
      if (!isSettled(result)) break;
      mutation.write();
      used.get(scope)?.add(key);
    }
    this.result = results;
  }

  /** Keys that have a receipt, by scope. */
  #usedKeys(): Map<string, Set<string>> {
    const keys = new Map<string, string[]>();
    for (const { receipt } of this.#drafts) {
      if (receipt === undefined) continue;
      const ofScope = keys.get(receipt.scope);
      if (ofScope === undefined) keys.set(receipt.scope, [receipt.key]);
      else ofScope.push(receipt.key);
    }
    const used = new Map<string, Set<string>>();
    for (const [scope, ofScope] of keys) used.set(scope, this.#tables.receipts.used(scope, ofScope));
    return used;
  }
}

export class AnnotateOperation extends LogOperation<AnnotationResult> {
  readonly bytes = ASSUMED_BYTES;
  readonly #tables: LogTables;
  readonly #draft: AnnotationDraft;
  #drawn: {
    readonly channel: Channel;
    readonly annotation: StoredAnnotation;
    readonly state: string;
  } | null = null;

  constructor(tables: LogTables, draft: AnnotationDraft) {
    super();
    this.#tables = tables;
    this.#draft = draft;
  }

  override plan(): void {
    this.#drawn = null;
    const { channels, messages } = this.#tables;
    const channel = channels.open(this.#draft.key);
    const { assigned } = channel;
    const message = messages.find(channel, assigned, this.#draft.messageSerial);
    this.result =
      message === null || assigned.id === null
        ? { kind: 'unknown-message' }
        : this.#draw(channel, assigned.id, message.create.serial);
  }

  override write(): void {
    if (this.#drawn === null) return;
    const { channels, annotations } = this.#tables;
    const { channel, annotation, state } = this.#drawn;
    const standing = underRetention(this.#tables, channel, this.#draft.retention);
    annotations.insert(standing.id, annotation, state);
    const { serial: headSerial, publishedAtMs: lastPublishedAtMs } = annotation;
    // No recent row tells of it after a start, so the channel's row has to.
    channels.assign(channel, { ...standing, headSerial, lastPublishedAtMs });
  }

  #draw(channel: Channel, channelId: number, historySerial: number): AnnotationResult {
    const { annotations, messages } = this.#tables;
    const { key, targetSerial, publishedAtMs, annotationSerial, record: recordOf, project } = this.#draft;
    const newest = annotations.newestSerial(channelId, historySerial) ?? undefined;
    const target =
      targetSerial === undefined ? null : messages.annotation(channel, channel.assigned, targetSerial);
    const place = nextPlace(channel, publishedAtMs);
    try {
      const record = recordOf(annotationSerial(historySerial, newest), target);
      const before = annotations.projection(channelId, historySerial, record.type);
      const projection = project(before, record, target);
      const { streamId } = channel.assigned;
      this.#drawn = { channel, annotation: { historySerial, ...place, record }, state: projection };
      return {
        kind: 'committed',
        entry: { kind: 'annotation', key, streamId, ...place, record },
        projection,
      };
    } catch (error) {
      return refusedBy(error);
    }
  }
}

function nextPlace({ assigned }: Channel, publishedAtMs: number): { serial: number; publishedAtMs: number } {
  return {
    serial: assigned.headSerial + 1,
    publishedAtMs: Math.max(publishedAtMs, assigned.lastPublishedAtMs),
  };
}

/** What the caller's function threw is his refusal, unless it passes on that the store could not be read. */
function refusedBy(error: unknown): { readonly kind: 'refused'; readonly error: unknown } {
  if (error instanceof StoreUnavailable) throw error;
  return { kind: 'refused', error };
}

function sizeOf({ data, extras = '', metadata = '' }: StoredVersion): number {
  return 200 + (data?.length ?? 0) + extras.length + metadata.length;
}

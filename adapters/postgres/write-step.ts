// One transaction of a writer: locks the channels of all its operations, reads what they need with few statements, holds what they
// stage, and writes it. Operations see what earlier ones of the same transaction staged.
import {
  type ChannelKey,
  historySerialOf,
  isSameRetention,
  type LogEntry,
  type Receipt,
  type ReceiptDraft,
  type Retention,
  receiptVerdict,
  type StoredVersion,
} from '@sockudo/server/ports';
import { ChannelStanding, channelName } from './channel-standing.ts';
import type { HotTexts } from './hot-texts.ts';
import type { Operation } from './log-operation.ts';
import { type MessageText, textOf } from './message-text.ts';
import { readTexts } from './read-texts.ts';
import {
  type ChannelRow,
  type EntryRow,
  entryOfRow,
  type ReceiptRow,
  type RetentionRow,
  receiptOfRow,
  retentionOf,
  type SeenRow,
  type VersionRow,
  versionOfRow,
} from './rows.ts';
import type { Session } from './session.ts';
import { columnsOf, Outrun, type ReceiptOwner, StagedRows } from './staged-rows.ts';
import { StepRecords } from './step-records.ts';
import { toStored } from './stored-text.ts';
import { unusedStreamId } from './unused-stream-id.ts';
import type { WriterStep } from './writer.ts';

/** A message as the operations before have left it. `create.data` is empty where a version exists. */
export interface MessageInStep {
  readonly create: LogEntry;
  readonly latest: StoredVersion | null;
  readonly text: MessageText;
}

type MessageRow = EntryRow &
  RetentionRow & { app_id: string; channel: string; log_id: number; stream_id: string } & (
    | VersionRow
    | { v_serial: null }
  );

type OwnedReceiptRow = ReceiptRow & { log_id: number | null; history_serial: number | null };

export interface StepDeps {
  readonly session: Session;
  readonly streamSeed: string;
  readonly hot: HotTexts;
  readonly nowMs: number;
}

/** A statement of the step failed: the transaction is over. `cause` holds why. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

export class WriteStep implements WriterStep<Operation> {
  readonly nowMs: number;
  readonly staged = new StagedRows();
  readonly records = new StepRecords({
    query: (name, values) => this.query(name, values),
    logIdOf: (key) => this.channel(key).logId,
  });
  readonly #deps: StepDeps;
  readonly #channels = new Map<string, ChannelStanding>();
  readonly #messages = new Map<string, MessageInStep>();
  readonly #receipts = new Map<string, { readonly receipt: Receipt; readonly owner: ReceiptOwner | null }>();

  constructor(deps: StepDeps) {
    this.#deps = deps;
    this.nowMs = deps.nowMs;
  }

  /** Statements of the transaction. @throws StepFailed */
  async query<Row>(name: string, values: readonly unknown[]): Promise<Row[]> {
    try {
      return await this.#deps.session.query<Row>(name, values);
    } catch (error) {
      throw new StepFailed(`the statement ${name} failed`, { cause: error });
    }
  }

  async prepare(operations: readonly Operation[]): Promise<void> {
    await this.#lock(operations);
    await this.#loadReceipts(operations.flatMap(({ receipts }) => receipts));
    await this.#loadMessages(operations.flatMap(({ messages }) => messages));
  }

  channel(key: ChannelKey): ChannelStanding {
    const channel = this.#channels.get(channelName(key));
    if (channel === undefined) throw new Error('an operation did not say which channels it touches');
    return channel;
  }

  /** The first receipt of these that was used before: what it answers. */
  async usedReceipt(
    drafts: readonly Pick<ReceiptDraft, 'scope' | 'key' | 'fingerprint'>[],
  ): Promise<{ kind: 'duplicate' | 'conflict'; receipt: Receipt } | null> {
    for (const draft of drafts) {
      const name = receiptName(draft.scope, draft.key);
      if (this.#receipts.get(name)?.owner && this.#isReshaped()) {
        // Its message may be gone by what was done before.
        await this.flush();
        this.#receipts.delete(name);
        await this.#loadReceipts([draft]);
      }
      const receipt = this.#receipts.get(name)?.receipt;
      if (receipt !== undefined) return { kind: receiptVerdict(draft, receipt), receipt };
    }
    return null;
  }

  #isReshaped(): boolean {
    return [...this.#channels.values()].some(({ isReshaped }) => isReshaped);
  }

  addReceipt(receipt: Receipt, owner: ReceiptOwner | null): void {
    this.staged.addReceipt(receipt, owner);
    this.#receipts.set(receiptName(receipt.scope, receipt.key), { receipt, owner });
  }

  /** Null: unknown, purged or no longer kept. */
  async message(channel: ChannelStanding, messageSerial: string): Promise<MessageInStep | null> {
    const historySerial = historySerialOf(messageSerial);
    if (historySerial === null || channel.logId === null) return null;
    if (channel.isReshaped) {
      await this.flush();
      this.#messages.delete(messageName(channel, historySerial));
      await this.#loadMessages([{ key: channel.key, messageSerial }]);
    }
    const message = this.#messages.get(messageName(channel, historySerial));
    return message?.create.messageSerial === messageSerial ? message : null;
  }

  setMessage(channel: ChannelStanding, message: MessageInStep): void {
    this.#messages.set(messageName(channel, message.create.serial), message);
  }

  /** What the retention so far has hidden stays hidden under a looser one. */
  async keepUnder(channel: ChannelStanding, retention: Retention): Promise<void> {
    if (isSameRetention(channel.retention, retention)) return;
    if (channel.headSerial > 0) {
      await this.flush();
      const seen = await this.seen(channel);
      const keptFromMs = Number(seen?.kept_from_ms ?? 0);
      channel.oldestSerial = Math.max(channel.oldestSerial, seen?.floor ?? 0);
      if (Number.isFinite(keptFromMs))
        channel.versionsSinceMs = Math.max(channel.versionsSinceMs, keptFromMs);
      else channel.purgedBelow = Math.max(channel.purgedBelow, channel.oldestSerial);
      channel.isReshaped = true;
    }
    channel.retention = retention;
    channel.isChanged = true;
  }

  async seen({ key }: ChannelStanding): Promise<SeenRow | null> {
    const [row] = await this.query<SeenRow>('seen', [toStored(key.appId), toStored(key.channel), this.nowMs]);
    return row ?? null;
  }

  /** Writes what is staged. */
  async flush(): Promise<void> {
    const session: Session = { query: (name, values) => this.query(name, values) };
    await this.staged.flush(session);
    await this.records.flush();
    const changed = [...this.#channels.values()].filter(({ isChanged }) => isChanged);
    if (changed.length > 0) await this.query('update-channels', columnsOf(changed.map(columnsOfChannel)));
    for (const channel of changed) channel.isChanged = false;
    await this.staged.flushReceipts(session, this.nowMs);
  }

  /** Remembers the texts. */
  committed(): void {
    for (const channel of this.#channels.values()) {
      if (channel.logId === null) continue;
      for (const [name, { create, latest, text }] of this.#messages) {
        if (name !== messageName(channel, create.serial)) continue;
        this.#deps.hot.remember(channel.logId, create.serial, {
          baseSerial: latest?.baseSerial ?? create.serial,
          text,
        });
      }
    }
  }

  async #lock(operations: readonly Operation[]): Promise<void> {
    const toCreate = new Map<string, ChannelStanding>();
    for (const { touches } of operations) {
      for (const { key, isWritten } of touches) {
        const name = channelName(key);
        const channel =
          this.#channels.get(name) ?? new ChannelStanding(key, unusedStreamId(this.#deps.streamSeed, key));
        this.#channels.set(name, channel);
        if (isWritten) toCreate.set(name, channel);
      }
    }
    if (this.#channels.size === 0) return;
    const keys = [...this.#channels.values()].map(keyColumns);
    this.#take(await this.query<ChannelRow>('lock-channels', columnsOf(keys)));
    const missing = [...toCreate.values()].filter(({ logId }) => logId === null);
    if (missing.length === 0) return;
    // The same order in every writer is what matters, not which one.
    const rows = missing.map((channel) => [...keyColumns(channel), channel.streamId]).sort(byKey);
    const created = await this.query<ChannelRow>('create-channels', columnsOf(rows));
    this.#take(created);
    if (created.length < rows.length) throw new Outrun('a channel was made by another writer');
  }

  #take(rows: readonly ChannelRow[]): void {
    const byStoredName = new Map(
      [...this.#channels.values()].map((channel) => [keyColumns(channel).join('\0'), channel]),
    );
    for (const row of rows) byStoredName.get(`${row.app_id}\0${row.channel}`)?.take(row);
  }

  async #loadReceipts(keys: readonly { readonly scope: string; readonly key: string }[]): Promise<void> {
    if (keys.length === 0) return;
    const columns = columnsOf(keys.map(({ scope, key }) => [toStored(scope), toStored(key)]));
    for (const row of await this.query<OwnedReceiptRow>('find-receipts', [...columns, this.nowMs])) {
      const receipt = receiptOfRow(row);
      const { log_id: logId, history_serial: historySerial } = row;
      const owner = logId === null || historySerial === null ? null : { logId, historySerial };
      this.#receipts.set(receiptName(receipt.scope, receipt.key), { receipt, owner });
    }
  }

  async #loadMessages(
    wanted: readonly { readonly key: ChannelKey; readonly messageSerial: string }[],
  ): Promise<void> {
    const keys = new Map<string, [string, string, number]>();
    for (const { key, messageSerial } of wanted) {
      const channel = this.channel(key);
      const historySerial = historySerialOf(messageSerial);
      if (historySerial === null || channel.logId === null) continue;
      keys.set(messageName(channel, historySerial), [
        toStored(key.appId),
        toStored(key.channel),
        historySerial,
      ]);
    }
    if (keys.size === 0) return;
    const rows = await this.query<MessageRow>('find-messages', [
      ...columnsOf([...keys.values()]),
      this.nowMs,
    ]);
    const found = rows.map((row) => {
      const channel = [...this.#channels.values()].find(({ logId }) => logId === row.log_id);
      return { row, channel, latest: row.v_serial === null ? null : versionOfRow(row, row.serial) };
    });
    const places = found.flatMap(({ row, latest }) =>
      latest === null
        ? []
        : [
            {
              logId: row.log_id,
              historySerial: row.serial,
              baseSerial: latest.baseSerial,
              serial: latest.serial,
            },
          ],
    );
    const texts = await readTexts(
      { query: (name, values) => this.query(name, values) },
      this.#deps.hot,
      places,
    );
    for (const { row, channel, latest } of found) {
      if (channel === undefined) continue;
      const { key, streamId } = channel;
      const create = entryOfRow(row, { key, streamId, retention: retentionOf(row) });
      const text =
        latest === null
          ? textOf(create.serial, create.data)
          : texts({
              logId: row.log_id,
              historySerial: row.serial,
              baseSerial: latest.baseSerial,
              serial: latest.serial,
            });
      if (text === null) throw new Error('the text of a message whose channel is locked is whole');
      this.#messages.set(messageName(channel, row.serial), { create, latest, text });
    }
  }
}

const keyColumns = ({ key }: ChannelStanding): [string, string] => [
  toStored(key.appId),
  toStored(key.channel),
];

function byKey([oneApp = '', one = '']: string[], [otherApp = '', other = '']: string[]): number {
  if (oneApp !== otherApp) return oneApp < otherApp ? -1 : 1;
  return one < other ? -1 : 1;
}

function columnsOfChannel(channel: ChannelStanding): (string | number | null)[] {
  const { retention } = channel;
  return [
    ...keyColumns(channel),
    channel.logId,
    channel.streamId,
    channel.headSerial,
    channel.messagesTotal,
    channel.bytesTotal,
    channel.lastPublishedAtMs,
    channel.oldestSerial,
    channel.purgedBelow,
    channel.versionsSinceMs,
    retention.ageMs ?? null,
    retention.messages ?? null,
    retention.bytes ?? null,
    retention.versionsAgeMs ?? null,
  ];
}

const messageName = ({ logId }: ChannelStanding, historySerial: number): string =>
  `${logId}:${historySerial}`;

const receiptName = (scope: string, key: string): string => `${scope.length}:${scope}${key}`;

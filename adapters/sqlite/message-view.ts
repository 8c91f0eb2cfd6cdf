// What readers and mutations see of the messages of a channel: which are known at this moment, what they have become, their
// versions and annotations, and the whole number line for a replay.
import {
  type AnnotationEntry,
  type AnnotationRecord,
  continuityGap,
  type GapReason,
  type HistoryRow,
  historySerialOf,
  joinFragments,
  type LogEntry,
  type MessageLog,
  type MessageState,
  messageStateOf,
  type Position,
  type Projection,
  type ReadRange,
  type ReplayEntry,
  type ReplayResult,
  type RowsResult,
  type StoredVersion,
  StoreUnavailable,
  type VersionEntry,
  type VersionsRange,
  versionEntryOf,
  versionsKeptFromMs,
} from '@sockudo/server/ports';
import type { AnnotationTable } from './annotation-table.ts';
import type { Channel, ChannelRecord } from './channel-table.ts';
import type { FoundEntry } from './entry-columns.ts';
import type { EntryTable } from './entry-table.ts';
import type { HotMessages, Message } from './hot-messages.ts';
import { factsOf, type LogView } from './log-view.ts';
import type { TextCache } from './text-cache.ts';
import type { VersionTable } from './version-table.ts';

export interface MessageViewOptions {
  readonly entries: EntryTable;
  readonly versions: VersionTable;
  readonly annotations: AnnotationTable;
  readonly hot: HotMessages;
  readonly texts: TextCache;
  readonly view: LogView;
  readonly now: () => number;
}

export class MessageView {
  readonly #options: MessageViewOptions;

  constructor(options: MessageViewOptions) {
    this.#options = options;
  }

  /** The message of a serial as a standing of the channel has it; null where it is not known. */
  find(channel: Channel, record: ChannelRecord, messageSerial: string): Message | null {
    const historySerial = historySerialOf(messageSerial);
    const message = historySerial === null ? null : this.at(channel, record, historySerial);
    return message?.create.messageSerial === messageSerial ? message : null;
  }

  /** The message whose create has this serial. */
  at(channel: Channel, record: ChannelRecord, historySerial: number): Message | null {
    if (record.id === null || historySerial > record.headSerial || historySerial < record.purgedBelow)
      return null;
    const newest = this.#load(channel, record, record.id, historySerial);
    if (newest?.create.messageSerial === undefined) return null;
    const message = this.#asOf(newest, record, record.id);
    return this.#isKept(record, message) ? message : null;
  }

  state(channel: Channel, messageSerial: string): MessageState | null {
    const record = channel.visible;
    const message = this.find(channel, record, messageSerial);
    return message === null || record.id === null ? null : this.stateOf(record.id, message);
  }

  stateOf(channelId: number, { create, latest }: Message): MessageState {
    return messageStateOf(create, latest, () =>
      latest === null ? create.data : this.#whole(channelId, create, latest),
    );
  }

  entryOf(channelId: number, create: LogEntry, version: StoredVersion): VersionEntry {
    return versionEntryOf(create, version, () => this.#whole(channelId, create, version));
  }

  versions(
    channel: Channel,
    messageSerial: string,
    { direction, limit, from }: VersionsRange,
  ): Awaited<ReturnType<MessageLog['versions']>> {
    const record = channel.visible;
    const { id } = record;
    const message = this.find(channel, record, messageSerial);
    if (id === null || message === null) return null;
    const { create } = message;
    const page = this.#options.versions.page({
      channelId: id,
      historySerial: create.serial,
      until: record.headSerial,
      direction,
      limit: limit + 1,
      ...(from !== undefined && { from }),
    });
    const entries: (LogEntry | VersionEntry)[] = page.map((version) => this.entryOf(id, create, version));
    // The create is the first of the versions.
    if (direction === 'oldest-first') {
      if (from === undefined || messageSerial > from) entries.unshift(create);
    } else if (from === undefined || messageSerial < from) entries.push(create);
    return { entries: entries.slice(0, limit), more: entries.length > limit };
  }

  /** The history, each create with what it has become. */
  rows(channel: Channel, range: ReadRange): RowsResult {
    const page = this.#options.view.page(channel, range);
    if (page.kind === 'gap') return page;
    const { found, ...rest } = page;
    return { ...rest, rows: this.#rowsOf(channel.visible, found) };
  }

  /** A page of the number line. It has no hole, or else something is gone. */
  replay(channel: Channel, from: Position, limit: number): ReplayResult {
    const record = channel.visible;
    const head = { streamId: record.streamId, serial: record.headSerial };
    const gapOf = (reason: GapReason): ReplayResult => ({
      kind: 'gap',
      reason,
      state: this.#options.view.state(channel),
    });
    const gap = continuityGap({ direction: 'oldest-first', limit, from }, head, null);
    if (gap === 'other-stream' || gap === 'ahead') return gapOf(gap);
    const low = from.serial + 1;
    const high = Math.min(head.serial, from.serial + limit);
    if (record.id === null || high < low) return { kind: 'page', entries: [], more: false, head };
    const entries = this.#line(channel, record, record.id, low, high);
    if (entries.length < high - low + 1) return gapOf('trimmed');
    return { kind: 'page', entries, more: high < head.serial, head };
  }

  annotations(
    channel: Channel,
    messageSerial: string,
    { type, from, limit }: Parameters<MessageLog['annotations']>[2],
  ): Awaited<ReturnType<MessageLog['annotations']>> {
    const record = channel.visible;
    const message = this.find(channel, record, messageSerial);
    if (record.id === null || message === null) return { records: [], more: false };
    const records = this.#options.annotations.page({
      channelId: record.id,
      historySerial: message.create.serial,
      until: record.headSerial,
      limit: limit + 1,
      ...(type !== undefined && { type }),
      ...(from !== undefined && { from }),
    });
    return { records: records.slice(0, limit), more: records.length > limit };
  }

  annotation(channel: Channel, record: ChannelRecord, annotationSerial: string): AnnotationRecord | null {
    const historySerial = historySerialOf(annotationSerial);
    if (record.id === null || historySerial === null) return null;
    if (this.at(channel, record, historySerial) === null) return null;
    return this.#options.annotations.find(record.id, historySerial, annotationSerial, record.headSerial);
  }

  projections(channel: Channel, limit: number): Projection[] {
    const record = channel.visible;
    const found: Projection[] = [];
    if (record.id === null) return found;
    const isKnown = once((historySerial: number) => this.at(channel, record, historySerial) !== null);
    for (const { historySerial, ...projection } of this.#options.annotations.projections(record.id)) {
      if (found.length >= limit) break;
      if (isKnown(historySerial)) found.push(projection);
    }
    return found;
  }

  #load(channel: Channel, record: ChannelRecord, channelId: number, historySerial: number): Message | null {
    const { hot, entries, versions } = this.#options;
    const known = hot.get(channelId, historySerial);
    if (known !== null) return known;
    const found = entries.find(factsOf(channel, record, channelId), historySerial);
    if (found === null) return null;
    const latest = versions.latest(channelId, historySerial, Number.MAX_SAFE_INTEGER);
    const message: Message = { create: found.entry, mark: found.mark, latest };
    hot.remember(channelId, message);
    return message;
  }

  /** Without what came after the standing. */
  #asOf(message: Message, { headSerial }: ChannelRecord, channelId: number): Message {
    const { create, latest } = message;
    if (latest === null || latest.serial <= headSerial) return message;
    return { ...message, latest: this.#options.versions.latest(channelId, create.serial, headSerial) };
  }

  /** In the history, or young enough by its newest version. */
  #isKept(record: ChannelRecord, { create, mark, latest }: Message): boolean {
    const { view, now } = this.#options;
    if (create.serial >= record.oldestSerial && view.retained(record)(mark)) return true;
    const versionAtMs = latest?.publishedAtMs ?? create.publishedAtMs;
    return versionAtMs >= Math.max(record.versionsSinceMs, versionsKeptFromMs(record.retention, now()));
  }

  #whole(channelId: number, create: LogEntry, version: StoredVersion): string | null {
    try {
      return version.baseSerial === version.serial ? version.data : this.#joined(channelId, create, version);
    } catch (error) {
      throw new StoreUnavailable('the text of a message could not be read', { cause: error });
    }
  }

  /** The text that an append leaves. */
  #joined(channelId: number, create: LogEntry, { baseSerial, serial }: StoredVersion): string | null {
    const { texts, versions } = this.#options;
    const historySerial = create.serial;
    const known = texts.find(channelId, historySerial, { baseSerial, serial });
    if (known?.serial === serial) return known.text;
    const base =
      known?.text ??
      (baseSerial === historySerial ? create.data : versions.dataOf(channelId, historySerial, baseSerial));
    if (base === null) return null;
    const fragments = versions.fragments(channelId, historySerial, known?.serial ?? baseSerial, serial);
    const text = joinFragments(base, fragments);
    texts.set(channelId, historySerial, { baseSerial, serial, text });
    return text;
  }

  #rowsOf(record: ChannelRecord, found: readonly FoundEntry[]): HistoryRow[] {
    const { id } = record;
    const { hot, versions } = this.#options;
    // As many messages as serials: nothing was ever changed here.
    if (record.messagesTotal === record.headSerial)
      return found.map(({ entry }) => ({ entry, latest: null }));
    const unknown = found.filter(
      ({ entry }) => entry.messageSerial !== undefined && id !== null && !hot.has(id, entry.serial),
    );
    const serials = unknown.map(({ entry }) => entry.serial);
    const latest =
      id === null || serials.length === 0
        ? new Map<number, StoredVersion>()
        : versions.latestOfEach(id, Math.min(...serials), Math.max(...serials));
    return found.map(({ entry, mark }): HistoryRow => {
      if (entry.messageSerial === undefined || id === null) return { entry, latest: null };
      let newest = hot.get(id, entry.serial);
      if (newest === null) {
        newest = { create: entry, mark, latest: latest.get(entry.serial) ?? null };
        hot.remember(id, newest);
      }
      const message = this.#asOf(newest, record, id);
      return { entry, latest: message.latest === null ? null : this.stateOf(id, message) };
    });
  }

  /** What is to be seen of the serials from `low` to `high`, in order. */
  #line(
    channel: Channel,
    record: ChannelRecord,
    channelId: number,
    low: number,
    high: number,
  ): ReplayEntry[] {
    const { entries, versions, annotations, view } = this.#options;
    const messageAt = once((historySerial: number) => this.at(channel, record, historySerial));
    const floor = view.visibleFloor(channel);
    const creates = entries.page({
      ...factsOf(channel, record, channelId),
      low: Math.max(low, floor),
      high,
      direction: 'oldest-first',
      limit: high - low + 1,
    });
    const changes: ReplayEntry[] = versions.between(channelId, low, high).flatMap((version) => {
      const message = messageAt(version.historySerial);
      return message === null ? [] : [this.entryOf(channelId, message.create, version)];
    });
    if (creates.length + changes.length < high - low + 1) {
      for (const { historySerial, ...event } of annotations.between(channelId, low, high)) {
        const { key } = channel;
        const { streamId } = record;
        const entry: AnnotationEntry = { kind: 'annotation', key, streamId, ...event };
        if (messageAt(historySerial) !== null) changes.push(entry);
      }
    }
    return [...creates.map(({ entry }) => entry), ...changes].sort((one, other) => one.serial - other.serial);
  }
}

/** Asks once for each argument. */
function once<Answer>(ask: (argument: number) => Answer): (argument: number) => Answer {
  const answers = new Map<number, { readonly answer: Answer }>();
  return (argument) => {
    const known = answers.get(argument);
    if (known !== undefined) return known.answer;
    const answer = ask(argument);
    answers.set(argument, { answer });
    return answer;
  };
}

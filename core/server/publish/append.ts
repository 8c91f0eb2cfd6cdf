// commit -> deliver: the middle of the spine, the same for every source. One function, so that the messages of a channel are
// delivered in the order in which their commits resolve (ChannelLog, L4).
import type { App } from '../apps/app.ts';
import { hasPositions } from '../apps/durability.ts';
import type { PluginStages } from '../plugins/stages.ts';
import type { CommitResult, EntryDraft, LogEntry, ReceiptDraft } from '../ports/channel-log.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { AfterEffects } from './after-effects.ts';
import type { ChannelLogs } from './channel-logs.ts';
import { draftOf, messageOf, type Publication } from './publication.ts';

/** Receipts to be stored in the same step; `answer` gets one entry for each publication, null where nothing is stored. */
export interface KeyDraft extends Omit<ReceiptDraft, 'answer'> {
  readonly answer: (entries: readonly (LogEntry | null)[]) => string;
}

export type AppendResult =
  | { readonly kind: 'committed'; readonly entries: readonly (LogEntry | null)[] }
  | Exclude<CommitResult, { kind: 'committed' | 'refused' }>;

export class Append {
  readonly #logs: ChannelLogs;
  readonly #fanout: Fanout;
  readonly #afterEffects: AfterEffects;
  readonly #stages: PluginStages;

  constructor(logs: ChannelLogs, fanout: Fanout, afterEffects: AfterEffects, stages: PluginStages) {
    this.#logs = logs;
    this.#stages = stages;
    this.#fanout = fanout;
    this.#afterEffects = afterEffects;
  }

  /**
   * All publications are of `app`. Rejects when the store failed, and with what the change of a record threw: then nothing was
   * stored and nothing is delivered.
   */
  async commit(
    app: App,
    publications: readonly Publication[],
    keys: readonly KeyDraft[],
  ): Promise<AppendResult> {
    const log = this.#logs.of(app);
    const isStored = ({ channel, isEphemeral }: Publication): boolean =>
      log !== null && !isEphemeral && hasPositions(app, channel);
    const stored = publications.filter(isStored);
    if (stored.length === 0 && keys.length === 0) {
      for (const publication of publications) this.#deliver(publication, null);
      return { kind: 'committed', entries: publications.map(() => null) };
    }
    // Entries come back in the order of `stored`; the receipts' answers want one for each publication.
    const spread = (entries: readonly LogEntry[]): (LogEntry | null)[] => {
      let next = 0;
      return publications.map((publication) => (isStored(publication) ? (entries[next++] ?? null) : null));
    };
    const result = await (log ?? this.#logs.receiptsOf(app)).commit({
      entries: stored.map((publication) => this.#draftOf(publication)),
      receipts: keys.map((key) => ({ ...key, answer: (entries) => key.answer(spread(entries)) })),
    });
    if (result.kind === 'refused') throw result.error;
    if (result.kind !== 'committed') return result;
    const entries = spread(result.entries);
    publications.forEach((publication, index) => {
      this.#deliver(publication, entries[index] ?? null);
    });
    return { kind: 'committed', entries };
  }

  #draftOf(publication: Publication): EntryDraft {
    const records = this.#stages.recordsOfCreate(publication);
    return records.length === 0 ? draftOf(publication) : { ...draftOf(publication), records };
  }

  #deliver(publication: Publication, entry: LogEntry | null): void {
    const { app, channel, exceptSocketId } = publication;
    this.#fanout.publish({
      key: { appId: app.id, channel },
      message: messageOf(publication, entry),
      ...(exceptSocketId !== undefined && { exceptSocketId }),
    });
    this.#afterEffects.published(publication, entry);
  }
}

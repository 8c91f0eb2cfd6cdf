// Pages of a channel's log for those who resume from further back than the hot buffer reaches. Clients that lost the same
// server ask for the same page at the same time: it is read once, turned into messages once and encoded once for all of them,
// and kept for a moment.
import { messageOfEntry } from '../../messages/log-message.ts';
import type { ChannelKey, Position } from '../../ports/channel-log.ts';
import type { DurableLog } from '../../ports/index.ts';
import type { ReplayResult } from '../../ports/message-log.ts';
import type { FrameOptions } from '../encode-message.ts';
import { MessageFrames } from '../message-frames.ts';

/** Entries of one page. */
const PAGE_ENTRIES = 100;
const KEPT_MS = 2_000;
const KEPT_PAGES = 256;
/** Bytes of message data in the kept pages. */
const KEPT_BYTES = 16 * 1024 * 1024;

export type ColdPage =
  | { readonly kind: 'page'; readonly messages: readonly MessageFrames[]; readonly head: Position }
  | Extract<ReplayResult, { kind: 'gap' }>;

interface Kept {
  readonly page: Promise<ColdPage>;
  readonly channel: string;
  readonly readAtMs: number;
  bytes: number;
}

export interface ColdReplaysOptions {
  readonly frameOptions: FrameOptions;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

export class ColdReplays {
  readonly #frameOptions: FrameOptions;
  readonly #now: () => number;
  /** The oldest first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor({ frameOptions, now = Date.now }: ColdReplaysOptions) {
    this.#frameOptions = frameOptions;
    this.#now = now;
  }

  /**
   * Messages strictly after `from`, oldest first: at least one where the log has one up to `until`.
   * Rejects with what the log rejects with.
   */
  async after(log: DurableLog, key: ChannelKey, from: Position, until: number): Promise<ColdPage> {
    this.#forgetOld();
    const id = JSON.stringify([key.appId, key.channel, from.streamId, from.serial]);
    const kept = this.#kept.get(id);
    if (kept !== undefined) {
      const page = await kept.page;
      if (page.kind === 'gap' || page.head.serial >= until) return page;
      // It was read before `until` was written.
    }
    return this.#read(id, log, key, from);
  }

  /** Nothing of the channel's pages is shown again. */
  cut(key: ChannelKey): void {
    const channel = channelId(key);
    for (const [id, kept] of this.#kept) if (kept.channel === channel) this.#forget(id, kept);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#kept.clear();
  }

  #read(id: string, log: DurableLog, key: ChannelKey, from: Position): Promise<ColdPage> {
    const kept: Kept = {
      page: log.replay(key, from, PAGE_ENTRIES).then((result) => this.#pageOf(result)),
      channel: channelId(key),
      readAtMs: this.#now(),
      bytes: 0,
    };
    const before = this.#kept.get(id);
    if (before !== undefined) this.#forget(id, before);
    this.#kept.set(id, kept);
    this.#scheduleForgetting();
    kept.page.then(
      (page) => this.#weigh(id, kept, page),
      () => this.#forget(id, kept),
    );
    return kept.page;
  }

  #pageOf(result: ReplayResult): ColdPage {
    if (result.kind === 'gap') return result;
    const messages = result.entries.map(
      (entry) => new MessageFrames(messageOfEntry(entry), this.#frameOptions),
    );
    return { kind: 'page', messages, head: result.head };
  }

  #weigh(id: string, kept: Kept, page: ColdPage): void {
    if (this.#kept.get(id) !== kept) return;
    if (page.kind === 'page') {
      for (const { message } of page.messages) kept.bytes += message.data?.length ?? 0;
    }
    this.#bytes += kept.bytes;
    this.#forgetOld();
  }

  #forgetOld(): void {
    const keptSinceMs = this.#now() - KEPT_MS;
    for (const [id, kept] of this.#kept) {
      const hasRoom = this.#kept.size <= KEPT_PAGES && this.#bytes <= KEPT_BYTES;
      if (hasRoom && kept.readAtMs > keptSinceMs) return;
      this.#forget(id, kept);
    }
  }

  /** So that a node on which nobody resumes any more keeps nothing. */
  #scheduleForgetting(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#forgetOld();
      if (this.#kept.size > 0) this.#scheduleForgetting();
    }, KEPT_MS);
    this.#timer.unref();
  }

  #forget(id: string, kept: Kept): void {
    if (this.#kept.get(id) !== kept) return;
    this.#kept.delete(id);
    this.#bytes -= kept.bytes;
  }
}

function channelId({ appId, channel }: ChannelKey): string {
  return JSON.stringify([appId, channel]);
}

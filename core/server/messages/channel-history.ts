// The durable history of a channel as the HTTP API and sockets offer it: pages, state, and the two ways to cut it
// (http.md section 5). What a page looks like is written in history-page.ts.
import {
  type HistoryPurge,
  type HistoryQuery,
  type HistoryReset,
  httpError,
  invalidMessage,
  type ProtocolError,
} from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import { type ChannelKey, type Position, StoreUnavailable } from '../ports/channel-log.ts';
import type { DurableLog } from '../ports/index.ts';
import type { ChannelLogs } from '../publish/channel-logs.ts';
import { requireHistory } from './features.ts';
import { type AttachBound, encodeHistoryPage, encodeStream, readHistoryPage } from './history-page.ts';
import { PageCache } from './page-cache.ts';

export interface ChannelHistoryDeps {
  readonly logs: ChannelLogs;
  /** Rows of a page at most. */
  readonly pageSize: number;
  /** Told when entries are gone that somebody may still hold in memory; `head`: where the log is now. */
  onCut(key: ChannelKey, head: Position): void;
}

export class ChannelHistory {
  readonly #deps: ChannelHistoryDeps;
  readonly #pages = new PageCache();

  constructor(deps: ChannelHistoryDeps) {
    this.#deps = deps;
  }

  /** Rows of a page at most. */
  get pageSize(): number {
    return this.#deps.pageSize;
  }

  /** @throws ProtocolError 422 `feature_disabled` */
  requireEnabled(app: App, channel: string): void {
    requireHistory(app, channel);
  }

  /** Body of `GET …/history`. @throws ProtocolError 422 where history is off, 400 for a cursor that cannot be continued */
  async page(app: App, channel: string, query: HistoryQuery): Promise<string> {
    const refuse = (text: string) => httpError('invalid_input', text);
    return this.#page(this.#log(app, channel), { appId: app.id, channel }, query, refuse);
  }

  /**
   * Data of a `channel_history` frame.
   * @param attachSerial bound by `until_attach`; null: not asked for
   * @throws ProtocolError 4000 for a cursor that cannot be continued
   */
  async frameData(
    app: App,
    channel: string,
    query: HistoryQuery,
    attachSerial: number | null,
  ): Promise<string> {
    const log = this.#log(app, channel);
    return this.#page(log, { appId: app.id, channel }, query, invalidMessage, { attachSerial });
  }

  /** Body of `GET …/history/state`. @throws ProtocolError 422 */
  async state(app: App, channel: string): Promise<string> {
    const log = this.#log(app, channel);
    const stream = await this.#stream(log, { appId: app.id, channel });
    return `{"channel":${JSON.stringify(channel)},"stream":${stream}}`;
  }

  /** Removes messages with all that hangs on them; numbering goes on. Answers the body. @throws ProtocolError 422, 500 */
  async purge(app: App, channel: string, request: HistoryPurge): Promise<string> {
    const log = this.#log(app, channel);
    const key = { appId: app.id, channel };
    const { mode, beforeSerial, beforeTimeMs, reason, requestedBy } = request;
    const below = {
      ...(beforeSerial !== null && { serial: beforeSerial }),
      ...(beforeTimeMs !== null && { timeMs: beforeTimeMs }),
    };
    const removed = await stored(() => (mode === 'all' ? log.purge(key) : log.purge(key, below)));
    this.#deps.onCut(key, await log.head(key));
    const answer = {
      ok: true,
      operation: 'purge',
      channel,
      mode,
      before_serial: beforeSerial,
      before_time_ms: beforeTimeMs,
      reason,
      requested_by: requestedBy,
      purged_messages: removed.messages,
      purged_bytes: removed.bytes,
    };
    return withStream(answer, await this.#stream(log, key));
  }

  /** Forgets the channel: a new stream, numbering from 1. Answers the body. @throws ProtocolError 422, 500 */
  async reset(app: App, channel: string, { reason, requestedBy }: HistoryReset): Promise<string> {
    const log = this.#log(app, channel);
    const key = { appId: app.id, channel };
    const { previous, head, messages, bytes } = await stored(() => log.reset(key));
    this.#deps.onCut(key, head);
    const answer = {
      ok: true,
      operation: 'reset',
      channel,
      reason,
      requested_by: requestedBy,
      previous_stream_id: previous.streamId,
      new_stream_id: head.streamId,
      purged_messages: messages,
      purged_bytes: bytes,
    };
    return withStream(answer, await this.#stream(log, key));
  }

  async #page(
    log: DurableLog,
    key: ChannelKey,
    query: HistoryQuery,
    refuse: (text: string) => ProtocolError,
    attach?: AttachBound,
  ): Promise<string> {
    const request = JSON.stringify([key, query, attach]);
    const state = await log.state(key);
    const cached = this.#pages.get(request, state);
    if (cached !== null) return cached;
    const page = await readHistoryPage(log, key, query, state, refuse);
    const text = encodeHistoryPage(page, attach);
    if (page.state === state) this.#pages.set(request, state, text);
    return text;
  }

  async #stream(log: DurableLog, key: ChannelKey): Promise<string> {
    return encodeStream(await log.state(key), log.durability);
  }

  #log(app: App, channel: string): DurableLog {
    requireHistory(app, channel);
    return this.#deps.logs.receiptsOf(app);
  }
}

const withStream = (answer: object, stream: string): string =>
  `${JSON.stringify(answer).slice(0, -1)},"stream":${stream}}`;

/** @throws ProtocolError 500 `internal_error` when the store failed: then nothing was removed */
async function stored<Result>(step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof StoreUnavailable) throw httpError('internal_error', undefined, { cause: error });
    throw error;
  }
}

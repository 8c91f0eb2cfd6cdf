// The durable history of a channel as the HTTP API and sockets offer it: pages, state, and the two ways to cut it
// (http.md section 5). What a page looks like is written in history-page.ts.
import {
  type HistoryPurge,
  type HistoryQuery,
  type HistoryReset,
  httpError,
  invalidMessage,
} from '@sockudo/protocol';
import type { App } from '../apps/app.ts';
import { type ChannelKey, type Position, StoreUnavailable } from '../ports/channel-log.ts';
import type { DurableLog } from '../ports/index.ts';
import type { ChannelLogs } from '../publish/channel-logs.ts';
import { requireHistory } from './features.ts';
import { encodeHistoryPage, encodeStream, type HistoryPage, readHistoryPage } from './history-page.ts';
import { PageCache } from './page-cache.ts';
import { RowTexts } from './row-texts.ts';

export interface ChannelHistoryDeps {
  readonly logs: ChannelLogs;
  /** Rows of a page at most. */
  readonly pageSize: number;
  /** Told when entries are gone that somebody may still hold in memory; `head`: where the log is now. */
  onCut(key: ChannelKey, head: Position): void;
}

export class ChannelHistory {
  readonly #deps: ChannelHistoryDeps;
  readonly #pages = new PageCache<Buffer>();
  readonly #frames = new PageCache<string>();
  readonly #rows = new RowTexts();

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

  /**
   * Body of `GET …/history`, as UTF-8; not to be written into.
   * @throws ProtocolError 422 where history is off, 400 for a cursor that cannot be continued
   */
  async page(app: App, channel: string, query: HistoryQuery): Promise<Buffer> {
    const log = this.#log(app, channel);
    const key = { appId: app.id, channel };
    const request = JSON.stringify([key, query]);
    const state = await log.state(key);
    const cached = this.#pages.get(request, state);
    if (cached !== null) return cached;
    const refuse = (text: string) => httpError('invalid_input', text);
    const page = await readHistoryPage(log, { key, query, state, kept: this.#rows, refuse });
    const body = Buffer.from(encodeHistoryPage(page));
    if (page.state === state && isWorthKeeping(page)) this.#pages.set(request, state, body);
    return body;
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
    const key = { appId: app.id, channel };
    const request = JSON.stringify([key, query, attachSerial]);
    const state = await log.state(key);
    const cached = this.#frames.get(request, state);
    if (cached !== null) return cached;
    const page = await readHistoryPage(log, { key, query, state, kept: null, refuse: invalidMessage });
    const text = encodeHistoryPage(page, { attachSerial });
    if (page.state === state) this.#frames.set(request, state, text);
    return text;
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

  async #stream(log: DurableLog, key: ChannelKey): Promise<string> {
    return encodeStream(await log.state(key), log.durability);
  }

  #log(app: App, channel: string): DurableLog {
    requireHistory(app, channel);
    return this.#deps.logs.receiptsOf(app);
  }
}

/** Pages that many ask for; others are put together anew from their rows at little cost. */
const isWorthKeeping = ({ query, isUnchanged }: HistoryPage): boolean =>
  !isUnchanged ||
  (query.cursor === null && query.bounds.start_serial === null && query.bounds.end_serial === null);

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

/**
 * Pages of channels' histories, asked for over the socket one after the other: the answers carry no id, only their order and channel.
 * What is asked for before the channel is subscribed, or is cut off by a loss of the connection, is asked for again after the
 * next acknowledgement. Must not know: channels' inner state, what is on a page.
 * Source: Sockudo protocol 2, "Channel history over the socket"; divergences D40, D41.
 */
import { type HistoryAnswer, type HistoryItem, isHistoryAnswer, type Page, pageOf } from '@sockudo/protocol';
import { HistoryError } from './errors.ts';
import type { EventNames } from './event-names.ts';
import type { Frame, Serial } from './frame.ts';
import type { Runtime, TimerHandle } from './runtime.ts';
import { protocolErrorData } from './socket-link.ts';

/** What to read of a history. Bounds are inclusive. */
export interface HistoryParams {
  /** Rows of a page; default and most: the server's page size (100). */
  readonly limit?: number;
  /** Default `newest_first`. */
  readonly direction?: 'newest_first' | 'oldest_first';
  /** Only what was there when this subscription was acknowledged: everything later has been or will be delivered live. */
  readonly untilAttach?: boolean;
  readonly startSerial?: Serial;
  readonly endSerial?: Serial;
  /** Milliseconds since the epoch. */
  readonly startTimeMs?: number;
  readonly endTimeMs?: number;
  /** `next_cursor` of a page that was asked for with the same direction and bounds. */
  readonly cursor?: string;
}

export type HistoryPage = Page<HistoryAnswer, HistoryItem>;

export interface HistoryRequestsOptions {
  readonly names: EventNames;
  readonly runtime: Runtime;
  /** False when not connected. */
  readonly send: (event: string, data: string) => boolean;
  /** Subscribed by exactly this name, and acknowledged. */
  readonly isSubscribed: (channel: string) => boolean;
}

interface Request {
  readonly channel: string;
  /** JSON text. */
  readonly data: string;
  readonly timer: TimerHandle;
  /** The answer is still to come, but nobody waits for it. */
  isGivenUp: boolean;
  settle(result: HistoryAnswer | HistoryError): void;
}

/** Time for a page, in ms, waiting for a connection and a subscription included. */
export const HISTORY_TIMEOUT_MS = 30_000;
/** Requests of one client that wait. */
export const HISTORY_WAITING_MAX = 100;

/**
 * Error frames name no request. These are the texts of those that answer one; another frame's refusal may come while one is under
 * way, since frames before it are answered before it.
 */
const REFUSAL =
  /histor|cursor|attach_serial|(?:start|end)_(?:serial|time_ms)|limit must|^Socket .* is not subscribed/i;

export class HistoryRequests {
  readonly #options: HistoryRequestsOptions;
  /** In the order of asking. */
  readonly #waiting: Request[] = [];
  #sent: Request | undefined;

  constructor(options: HistoryRequestsOptions) {
    this.#options = options;
  }

  /** Rejects with a HistoryError. */
  async page(channel: string, params: HistoryParams): Promise<HistoryPage> {
    const answer = await this.#ask(channel, params);
    const { next_cursor: cursor, has_more: hasMore, bounds } = answer;
    if (!hasMore || cursor === null) return pageOf<HistoryAnswer, HistoryItem>(answer, null);
    // The bound itself in place of `untilAttach`: after a reconnect that would mean another one.
    const { untilAttach: _, ...rest } = params;
    const next = { ...rest, ...(bounds.end_serial !== null && { endSerial: bounds.end_serial }), cursor };
    return pageOf<HistoryAnswer, HistoryItem>(answer, () => this.page(channel, next));
  }

  /** Looks at every frame, after the channels did. */
  handleFrame(frame: Frame): void {
    const { names } = this.#options;
    if (frame.event === names.internal('subscription_succeeded')) this.#sendNext();
    if (frame.event === names.platform('channel_history')) this.#answered(frame);
    if (frame.event === names.platform('error')) this.#refused(frame.data);
  }

  /** The connection is gone; what was sent is sent again on the next. */
  lost(): void {
    const sent = this.#sent;
    this.#sent = undefined;
    if (sent?.isGivenUp === false) this.#waiting.unshift(sent);
  }

  /** The channel was unsubscribed. */
  forget(channel: string): void {
    const concerned = [this.#sent, ...this.#waiting].filter((request) => request?.channel === channel);
    for (const request of concerned) {
      if (request !== undefined) this.#giveUp(request, new HistoryError(`${channel} was unsubscribed`, null));
    }
  }

  #ask(channel: string, params: HistoryParams): Promise<HistoryAnswer> {
    const { runtime } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= HISTORY_WAITING_MAX) {
        reject(new HistoryError('Too many histories are being asked for', null));
        return;
      }
      const request: Request = {
        channel,
        data: requestText(channel, params),
        isGivenUp: false,
        timer: runtime.setTimer(() => {
          this.#giveUp(request, new HistoryError(`The history of ${channel} did not come in time`, null));
        }, HISTORY_TIMEOUT_MS),
        settle: (result) => {
          runtime.clearTimer(request.timer);
          if (result instanceof HistoryError) reject(result);
          else resolve(result);
        },
      };
      this.#waiting.push(request);
      this.#sendNext();
    });
  }

  #sendNext(): void {
    if (this.#sent !== undefined) return;
    const { names, send, isSubscribed } = this.#options;
    const index = this.#waiting.findIndex(({ channel }) => isSubscribed(channel));
    const request = this.#waiting[index];
    // Text, because Sockudo itself reads an object only in some forms.
    if (request === undefined || !send(names.platform('channel_history'), request.data)) return;
    this.#waiting.splice(index, 1);
    this.#sent = request;
  }

  #answered({ channel, data }: Frame): void {
    const request = this.#sent;
    if (request === undefined || request.channel !== channel) return;
    this.#finish(
      request,
      isHistoryAnswer(data) ? data : new HistoryError('The history has an unknown form', null),
    );
  }

  #refused(data: unknown): void {
    const { code, message } = protocolErrorData(data);
    if (this.#sent !== undefined && REFUSAL.test(message)) {
      this.#finish(this.#sent, new HistoryError(message, code));
    }
  }

  #finish(request: Request, result: HistoryAnswer | HistoryError): void {
    this.#sent = undefined;
    if (!request.isGivenUp) request.settle(result);
    this.#sendNext();
  }

  /** One that was sent keeps its place: its answer must not be taken for the next one's. */
  #giveUp(request: Request, error: HistoryError): void {
    const index = this.#waiting.indexOf(request);
    if (index >= 0) this.#waiting.splice(index, 1);
    if (request.isGivenUp) return;
    request.isGivenUp = true;
    request.settle(error);
  }
}

function requestText(channel: string, params: HistoryParams): string {
  return JSON.stringify({
    channel,
    limit: params.limit,
    direction: params.direction,
    until_attach: params.untilAttach,
    start_serial: params.startSerial,
    end_serial: params.endSerial,
    start_time_ms: params.startTimeMs,
    end_time_ms: params.endTimeMs,
    cursor: params.cursor,
  });
}

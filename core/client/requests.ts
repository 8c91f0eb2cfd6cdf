/**
 * Requests whose outcome the server tells (protocol 2): publishes and changes of messages over the socket, and what plug-ins of the
 * server answer. Each waits for its channel, is sent in the order of asking, and ends with an answer, a refusal, or the knowledge that
 * nobody knows.
 * Must not know: what is published, channels' objects.
 * Source: docs/protocol.md, "Publishing over the socket".
 */
import { isJsonObject, type JsonObject, member, stringMember } from '@sockudo/protocol';
import { RequestError, UnsupportedFeature } from './errors.ts';
import type { EventNames } from './event-names.ts';
import type { Frame } from './frame.ts';
import type { Runtime, TimerHandle } from './runtime.ts';
import { protocolErrorData } from './socket-link.ts';
import { numberOf } from './values.ts';

export interface RequestsOptions {
  readonly names: EventNames;
  readonly runtime: Runtime;
  /** False when not connected. */
  readonly send: (event: string, data: JsonObject) => boolean;
  /** Subscribed by exactly this name, and acknowledged. */
  readonly isSubscribed: (channel: string) => boolean;
  /** The connection only reads (Server-Sent Events). */
  readonly isReadOnly: () => boolean;
}

export interface RequestBody {
  /** Without prefix. */
  readonly event: string;
  /** Of the frame that answers, without prefix. */
  readonly answer: string;
  readonly channel: string;
  /** Everything but `request_id` and `channel`. */
  readonly data: JsonObject;
  /** The server tells a repetition from a new request, so it may be sent again when its answer was lost. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Request extends RequestBody {
  readonly id: string;
  /** How often it has left. */
  attempts: number;
  isUnderWay: boolean;
  settle(outcome: { readonly answer: JsonObject } | { readonly error: unknown }): void;
}

/** Frames that are never anybody's but a request's. */
const ACKNOWLEDGEMENTS = ['publish_ack', 'mutate_ack'];
/** Time for a request, in ms, waiting for a connection and a subscription included. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** Requests of one client that have no answer yet. */
export const REQUESTS_MAX = 1_000;
/** Connections that one request is sent on: one that is too large ends each of them. */
export const REQUEST_ATTEMPTS_MAX = 3;

export class Requests {
  readonly #options: RequestsOptions;
  /** By id, in the order of asking. */
  readonly #pending = new Map<string, Request>();
  #lastId = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Data of the acknowledgement. Rejects with a RequestError, UnsupportedFeature, or the signal's reason. */
  ask(body: RequestBody): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      if (body.signal?.aborted === true) {
        reject(body.signal.reason);
        return;
      }
      if (this.#pending.size >= REQUESTS_MAX) {
        reject(new RequestError('Too many requests wait for an answer', 'not-sent'));
        return;
      }
      const id = String(++this.#lastId);
      const stop = this.#watch(id, body.signal);
      this.#pending.set(id, {
        ...body,
        id,
        attempts: 0,
        isUnderWay: false,
        settle: (outcome) => {
          stop();
          this.#pending.delete(id);
          if ('answer' in outcome) resolve(outcome.answer);
          else reject(outcome.error);
        },
      });
      this.#flush();
    });
  }

  /** True for the answer to a request, which is nobody else's business. */
  handleFrame(frame: Frame): boolean {
    const { names } = this.#options;
    const { event, data } = frame;
    const id = isJsonObject(data) ? stringMember(data, 'request_id') : undefined;
    if (!isJsonObject(data) || id === undefined) return false;
    const isRefusal = event === names.platform('error');
    const request = this.#pending.get(id);
    // Nothing waits for it any more when it was given up.
    if (request === undefined)
      return isRefusal || ACKNOWLEDGEMENTS.some((ack) => event === names.platform(ack));
    if (!isRefusal && event !== names.platform(request.answer)) return false;
    request.settle(isRefusal ? { error: refusalOf(data) } : { answer: data });
    return true;
  }

  /** A channel was acknowledged: what waited for it is sent. */
  subscribed(): void {
    this.#flush();
  }

  /** The connection is gone. */
  lost(): void {
    for (const request of [...this.#pending.values()]) {
      if (!request.isUnderWay) continue;
      request.isUnderWay = false;
      if (request.isRepeatable && request.attempts < REQUEST_ATTEMPTS_MAX) continue;
      request.settle({ error: new RequestError('The connection was lost before the answer', 'unknown') });
    }
  }

  /** The channel was unsubscribed. What was sent still gets its answer. */
  forget(channel: string): void {
    for (const request of [...this.#pending.values()]) {
      if (request.channel !== channel || request.isUnderWay) continue;
      this.#giveUp(request, `${channel} was unsubscribed`);
    }
  }

  #flush(): void {
    const { names, send, isSubscribed, isReadOnly } = this.#options;
    for (const request of [...this.#pending.values()]) {
      if (request.isUnderWay || !isSubscribed(request.channel)) continue;
      if (isReadOnly()) {
        request.settle({ error: new UnsupportedFeature('Publishing needs a WebSocket (transport sse)') });
        continue;
      }
      const { id, channel, data } = request;
      // Known to be sent before it is: a socket may fail while it sends.
      request.isUnderWay = true;
      request.attempts += 1;
      if (send(names.platform(request.event), { request_id: id, channel, ...data })) continue;
      request.isUnderWay = false;
      request.attempts -= 1;
      return;
    }
  }

  /** Ends the request when its time is up or its signal says so. */
  #watch(id: string, signal: AbortSignal | undefined): () => void {
    const { runtime } = this.#options;
    const timer: TimerHandle = runtime.setTimer(() => {
      const request = this.#pending.get(id);
      if (request !== undefined) this.#giveUp(request, 'The answer did not come in time');
    }, REQUEST_TIMEOUT_MS);
    const abort = () => this.#pending.get(id)?.settle({ error: signal?.reason });
    signal?.addEventListener('abort', abort);
    return () => {
      runtime.clearTimer(timer);
      signal?.removeEventListener('abort', abort);
    };
  }

  #giveUp(request: Request, text: string): void {
    request.settle({ error: new RequestError(text, request.attempts > 0 ? 'unknown' : 'not-sent') });
  }
}

function refusalOf(data: JsonObject): RequestError {
  const { code, message } = protocolErrorData(data);
  const retryAfterSeconds = numberOf(member(data, 'retry_after'));
  return new RequestError(message, 'refused', {
    code,
    reason: stringMember(data, 'reason') ?? null,
    isRetryable: member(data, 'retryable') === true,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

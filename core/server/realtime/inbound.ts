// Frames of one connection in the order they came. Most handlers finish at once; while one waits for a store, later frames
// queue behind it and the socket is paused, so that a client cannot make the server remember more than it reads.
import { clientEventRate, ProtocolError, unknownErrorFrame } from '@sockudo/protocol';
import type { Connection } from './connection.ts';
import type { RealtimeContext } from './context.ts';
import { dispatch } from './dispatch.ts';
import { parseInbound } from './wire-format.ts';

export class Inbound {
  readonly #connection: Connection;
  readonly #context: RealtimeContext;
  readonly #waiting: Buffer[] = [];
  #isBusy = false;

  constructor(connection: Connection, context: RealtimeContext) {
    this.#connection = connection;
    this.#context = context;
  }

  receive(bytes: Buffer): void {
    const { counters } = this.#connection;
    this.#connection.lastInboundMs = this.#context.wheel.nowMs;
    counters.wsMessagesReceived += 1;
    counters.socketReceivedBytes += bytes.length;
    if (this.#isBusy) {
      this.#waiting.push(bytes);
      return;
    }
    this.#handle(bytes);
  }

  #handle(bytes: Buffer): void {
    const pending = this.#attempt(bytes);
    if (pending === undefined) return;
    this.#isBusy = true;
    this.#connection.webSocket.pause();
    pending.then(
      () => this.#next(),
      (error: unknown) => {
        this.#refuse(error);
        this.#next();
      },
    );
  }

  #next(): void {
    this.#isBusy = false;
    while (!this.#isBusy) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) {
        this.#connection.webSocket.resume();
        return;
      }
      this.#handle(bytes);
    }
  }

  #attempt(bytes: Buffer): Promise<unknown> | undefined {
    if (!this.#connection.isOpen) return undefined;
    try {
      if (!this.#mayStillSend()) return undefined;
      const frame = parseInbound(this.#connection.deliveryClass, bytes);
      const result = dispatch(this.#connection, frame, this.#context);
      return result instanceof Promise ? result : undefined;
    } catch (error) {
      this.#refuse(error);
      return undefined;
    }
  }

  /** Sockudo answers both of its limiters with the same texts. The app's limit on all inbound frames (`message_rate_limit`), counted before a frame is looked at. */
  #mayStillSend(): boolean {
    const connection = this.#connection;
    const rate = connection.app.limits.messageRate;
    if (rate === null) return true;
    const now = Date.now();
    if (now >= connection.messageWindowEndsMs) {
      connection.messageWindowEndsMs = now + rate.windowMs;
      connection.messagesInWindow = 0;
    }
    connection.messagesInWindow += 1;
    if (connection.messagesInWindow <= rate.max) return true;
    if (rate.closeOnLimit) connection.close(4301, 'Connection closed due to client event rate limit');
    else throw clientEventRate();
    return false;
  }

  #refuse(error: unknown): void {
    const connection = this.#connection;
    if (ProtocolError.is(error)) {
      connection.counters.connectionErrors.add(error.code);
      connection.sendError(error.wsCode, error.message, error.aiCode);
      return;
    }
    this.#context.logger.error(
      { err: error, app_id: connection.app.id, socket_id: connection.socketId },
      'a frame could not be handled',
    );
    connection.sendText(unknownErrorFrame(connection.protocol, connection.messageId()));
  }
}

// A request as the fast lane found it: only the headers that its routes and the rate limiter may ask for.
import type { Socket } from 'node:net';
import { UNKNOWN_ADDRESS } from '../client-address.ts';
import type { HttpRequest } from '../exchange-types.ts';
import type { RequestReader } from './request-reader.ts';

export class FastRequest implements HttpRequest {
  readonly method = 'POST';
  readonly path: string;
  readonly query: string;
  readonly params: HttpRequest['params'];
  readonly body: Buffer;
  readonly #contentType: string | undefined;
  readonly #idempotencyKey: string | undefined;
  readonly #forwardedFor: string | undefined;
  readonly #realIp: string | undefined;
  readonly #socket: Socket;

  /** Takes what `reader` has just read from `bytes`. */
  constructor(reader: RequestReader, bytes: Buffer, socket: Socket) {
    this.#socket = socket;
    this.path = reader.path;
    this.query = reader.query;
    const { appId, channel, serial } = reader;
    this.params = reader.target === 'append' ? { appId, channel, serial } : { appId };
    this.body = bytes.subarray(reader.bodyStart, reader.bodyEnd);
    this.#contentType = reader.contentType;
    this.#idempotencyKey = reader.idempotencyKey;
    this.#forwardedFor = reader.forwardedFor;
    this.#realIp = reader.realIp;
  }

  /** Asked for only where limits are on: it costs a system call. */
  get peerAddress(): string {
    return this.#socket.remoteAddress ?? UNKNOWN_ADDRESS;
  }

  header(name: string): string | undefined {
    switch (name) {
      case 'content-type':
        return this.#contentType;
      case 'x-idempotency-key':
        return this.#idempotencyKey;
      case 'x-forwarded-for':
        return this.#forwardedFor;
      case 'x-real-ip':
        return this.#realIp;
      default:
        return undefined;
    }
  }
}
